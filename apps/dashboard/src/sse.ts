/** Reads a stream of server-sent events: text in any pieces in, whole messages out (WHATWG HTML, "event stream interpretation"). */

export interface SseMessage {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
  /** null where the message carries none. */
  readonly id: string | null;
}

export interface SseParser {
  /** Messages completed by this piece of text. */
  push(text: string): SseMessage[];
  /** Milliseconds to wait before a reconnect, when the server said so. */
  retryMs(): number | null;
}

/** A parser with the state of one connection; a message cut off by the end of the stream is dropped, as the standard says. */
export function createSseParser(): SseParser {
  let rest = "";
  let event = "";
  let data: string[] = [];
  let id: string | null = null;
  let retry: number | null = null;
  let first = true;

  const field = (line: string) => {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: the server's heartbeat
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") event = value;
    else if (name === "data") data.push(value);
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "retry" && /^\d+$/.test(value)) retry = Number(value);
  };

  return {
    retryMs: () => retry,
    push(text) {
      const messages: SseMessage[] = [];
      rest += first ? text.replace(/^\uFEFF/, "") : text;
      if (text !== "") first = false;
      // A carriage return at the very end may be half of a CRLF: it waits for the next piece.
      const usable = rest.endsWith("\r") ? rest.length - 1 : rest.length;
      const lines = rest.slice(0, usable).split(/\r\n|\n|\r/);
      rest = (lines.pop() ?? "") + rest.slice(usable);
      for (const line of lines) {
        if (line !== "") {
          field(line);
          continue;
        }
        if (data.length > 0) messages.push({ event: event || "message", data: data.join("\n"), id });
        event = "";
        data = [];
        id = null;
      }
      return messages;
    },
  };
}
