/** Networks of one shape that train side by side: a chunk runs when every one that is still training has asked for steps. */
import type { StepBatch } from "@rightsize/core";
import type { Member, StepRunner } from "./step-runner.ts";

interface Waiting {
  readonly steps: readonly StepBatch[];
  /** Of the first `done` steps. */
  readonly losses: Float64Array;
  done: number;
  resolve(losses: Float64Array): void;
  reject(error: unknown): void;
}

/**
 * Members ask on their own and get their own losses; one whose loss is not finite, or that is done, leaves, and the others go on.
 * A member's bits never depend on who else is in the group.
 */
export class TrainingGroup {
  readonly #run: StepRunner;
  readonly #limit: number;
  readonly #members = new Map<Member, Waiting | null>();
  #running = false;

  /** `limit`: most networks of one run of the graph; a larger group takes turns. */
  constructor(run: StepRunner, limit: number) {
    this.#run = run;
    this.#limit = limit;
  }
  join(member: Member): void {
    this.#members.set(member, null);
  }
  leave(member: Member): void {
    this.#members.delete(member);
    void this.#advance();
  }
  train(member: Member, steps: readonly StepBatch[]): Promise<Float64Array> {
    if (steps.length === 0) return Promise.resolve(new Float64Array(0));
    return new Promise((resolve, reject) => {
      this.#members.set(member, { steps, losses: new Float64Array(steps.length), done: 0, resolve, reject });
      void this.#advance();
    });
  }

  /** Runs as many steps as the member with the fewest asked for, as long as all members wait. */
  async #advance(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (;;) {
        const all = [...this.#members];
        const waiting = all.filter((entry): entry is [Member, Waiting] => entry[1] !== null);
        if (waiting.length === 0 || waiting.length < all.length) return;
        const count = Math.min(...waiting.map(([, { steps, done }]) => steps.length - done));
        for (let from = 0; from < waiting.length; from += this.#limit) await this.#chunk(waiting.slice(from, from + this.#limit), count);
      }
    } finally {
      this.#running = false;
    }
  }
  async #chunk(part: readonly (readonly [Member, Waiting])[], count: number): Promise<void> {
    try {
      const steps = part.map(([, one]) => one.steps.slice(one.done, one.done + count));
      const losses = await this.#run(
        part.map(([member]) => member),
        steps,
      );
      for (const [index, [member, one]] of part.entries()) {
        one.losses.set(losses[index] as Float64Array, one.done);
        one.done += count;
        if (one.done < one.steps.length) continue;
        if (this.#members.has(member)) this.#members.set(member, null);
        one.resolve(one.losses);
      }
    } catch (error) {
      for (const [member, one] of part) {
        if (this.#members.has(member)) this.#members.set(member, null);
        one.reject(error);
      }
    }
  }
}
