/** Worker: what whole-experiment tests and benches use of it; the process itself is main.ts. */
export { startChildTrainer } from "./child-trainer.ts";
export { createFoldCache, type FoldCache } from "./fold-cache.ts";
export { createAssignmentTrainer } from "./train-assignment.ts";
