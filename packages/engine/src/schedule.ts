/** Learning-rate schedules: a factor on the rate for each epoch, as data. */
import type { Schedule } from "@rightsize/core";

/** What reduce-on-plateau remembers; the other schedules need only the epoch. */
export interface PlateauState {
  /** Lowest validation loss so far; null before the first epoch. */
  readonly best: number | null;
  readonly epochsWithout: number;
  /** The factor that holds now. */
  readonly factor: number;
}
export const freshPlateau: PlateauState = { best: null, epochsWithout: 0, factor: 1 };

/** The factor in (0, 1] for an epoch (from 1). */
export function scheduleFactor(schedule: Schedule, epoch: number, plateau: PlateauState): number {
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "step":
      return schedule.factor ** Math.floor((epoch - 1) / schedule.everyEpochs);
    case "cosine": {
      // Loshchilov & Hutter 2017 without restarts: half a cosine from 1 to the final fraction
      const progress = Math.min(1, (epoch - 1) / schedule.epochs);
      return schedule.finalFraction + (1 - schedule.finalFraction) * 0.5 * (1 + Math.cos(Math.PI * progress));
    }
    case "reduce_on_plateau":
      return plateau.factor;
    default:
      return schedule satisfies never;
  }
}

/** The plateau's memory after an epoch's validation loss; unchanged for other schedules. */
export function afterEpoch(schedule: Schedule, state: PlateauState, validationLoss: number): PlateauState {
  if (schedule.kind !== "reduce_on_plateau") return state;
  if (state.best === null || validationLoss < state.best) return { ...state, best: validationLoss, epochsWithout: 0 };
  if (state.epochsWithout + 1 < schedule.patienceEpochs) return { ...state, epochsWithout: state.epochsWithout + 1 };
  return { ...state, epochsWithout: 0, factor: Math.max(schedule.minimumFraction, state.factor * schedule.factor) };
}
