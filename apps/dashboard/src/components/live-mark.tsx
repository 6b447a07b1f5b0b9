/** Says whether the page follows what happens: live, or trying to be again. */
import type { Connection } from "../held-stream.ts";

const words: Record<Connection, string> = {
  connecting: "connecting",
  open: "live",
  waiting: "connection lost, trying again",
  ended: "",
  refused: "no longer live",
};

export function LiveMark({ connection }: { connection: Connection }) {
  return (
    <span className="live-mark" data-connection={connection} role="status">
      {words[connection] !== "" && <i aria-hidden="true" />}
      {words[connection]}
    </span>
  );
}
