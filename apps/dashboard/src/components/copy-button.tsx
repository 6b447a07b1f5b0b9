/** Copies a text, and says that it did. */
import { useState } from "react";
import { Icon } from "./icon.tsx";

export function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    } catch {
      // Without a secure context there is no clipboard; the text can be selected by hand.
    }
  };
  return (
    <button
      type="button"
      className="icon-button"
      onClick={() => void copy()}
      aria-label={copied ? "Copied" : "Copy"}
      title={copied ? "Copied" : "Copy"}
    >
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}
