/**
 * A refused question, told apart from a service that isn't there: errors that a program can act on.
 *
 *     npx tsx packages/client/examples/what-is-wrong.ts http://127.0.0.1:7421 DATASET WRONG_COLUMN
 */
import { createClient, RequestRefused, ServiceUnreachable } from "@rightsize/client";

const [url = "http://127.0.0.1:7421", dataset = "", target = ""] = process.argv.slice(2);

try {
  // The key makes a repeated request harmless: it gives the first one's experiment.
  await createClient({ url }).createExperiment({ dataset, target }, { idempotencyKey: "my-first-question" });
} catch (error) {
  if (error instanceof RequestRefused) {
    console.log(error.status, error.problem?.code);
    for (const { where, received, required } of error.problem?.issues ?? []) console.log(`${where}: ${received} → ${required}`);
  } else if (error instanceof ServiceUnreachable) {
    console.log(`start the service first: ${error.url}`);
  } else throw error;
}
