/** Where the shared tables lie, for the tests that may use them and say so when they aren't there. */
import { fileURLToPath } from "node:url";

/** A path beside the checkout: ../shared/<path>. */
export function sharedFile(path: string): string {
  return fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
}
