/** Worker: what whole-experiment tests use of it; the process itself is main.ts. */
export { startChildTrainer } from "./child-trainer.ts";
export { createAssignmentTrainer } from "./train-assignment.ts";
