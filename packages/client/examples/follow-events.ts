/**
 * Every event of an experiment, once, in order: after a broken connection or a restart of this program too.
 *
 *     npx tsx packages/client/examples/follow-events.ts http://127.0.0.1:7421 EXPERIMENT LAST_SEEN_SEQUENCE
 */
import { createClient } from "@rightsize/client";

const [url = "http://127.0.0.1:7421", id = "", lastSeen = "0"] = process.argv.slice(2);
const client = createClient({ url });

const messages = client.events(id, {
  // Whoever stores the last sequence that was handled goes on there.
  afterSequence: Number(lastSeen),
  onReconnect: () => console.error("connecting again …"),
});
for await (const batch of messages) {
  for (const message of batch) {
    if (message.kind === "event") console.log(message.event.sequence, message.event.kind);
  }
}
console.log("nothing follows");
