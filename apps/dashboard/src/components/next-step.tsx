/** A row's next step in the course's words, with an arrow or a tick beside it. */
import type { TrialView } from "@rightsize/contract";
import { nextStepText } from "../format.ts";
import { Icon } from "./icon.tsx";

const icons = { INCREASE_CAPACITY: "up", DECREASE_CAPACITY: "down", DONE: "check" } as const;

export function NextStepMark({ step }: { step: NonNullable<TrialView["nextStep"]> }) {
  return (
    <span className="next-step" data-step={step}>
      <Icon name={icons[step]} />
      {nextStepText(step)}
    </span>
  );
}
