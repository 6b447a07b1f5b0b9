/** A link to a file of the API. In a service with keys a plain link would carry none, so the page fetches the file itself and hands it over. */
import type { Problem } from "@rightsize/contract";
import { type MouseEvent, type ReactNode, useState } from "react";
import { api, apiKey, asProblem } from "../api-client.ts";
import { ProblemNote } from "./notes.tsx";

interface Props {
  readonly href: string;
  /** What the file is called on the user's disk. */
  readonly name: string;
  readonly className?: string;
  readonly children: ReactNode;
}

export function DownloadLink({ href, name, className = "button", children }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const fetchIt = async (event: MouseEvent) => {
    if (apiKey.get() === null) return;
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const address = URL.createObjectURL(await api.file(href));
      const link = document.createElement("a");
      link.href = address;
      link.download = name;
      link.click();
      // The browser has taken it by then; a shorter wait has been seen to lose large files.
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <>
      <a className={className} href={href} download={name} onClick={(event) => void fetchIt(event)} aria-busy={busy}>
        {children}
      </a>
      {problem !== null && <ProblemNote problem={problem} />}
    </>
  );
}
