/** Another process on the same queue, for the fault tests: takes a job and holds it, or opens, consumes and closes. */
import { createBullQueue } from "@rightsize/queue";

const [what, kind, url, name] = process.argv.slice(2) as [string, "postgres" | "redis", string, string];
const queue = await createBullQueue({ backend: { kind, url }, name });

switch (what) {
  case "take-and-hold":
    await queue.consume(
      () => {
        console.log("took");
        return new Promise(() => {});
      },
      { concurrency: 1 },
    );
    break;
  case "open-and-close":
    await queue.consume(async () => {}, { concurrency: 2 });
    await queue.close();
    break;
  case "open-and-close-later":
    await queue.consume(async () => {}, { concurrency: 2 });
    console.log("consuming");
    process.stdin.once("data", () => void queue.close());
    process.stdin.once("end", () => process.stdin.destroy());
    break;
  default:
    throw new Error(`no such part: ${what}`);
}
