/** The contract of what estimates learn from: an owner's trained runs, those of the dataset first, the newest first, copies left out. */
import { localOwner, type RunId, type Sha256 } from "@rightsize/core";
import { afterEach, describe, expect, test } from "vitest";
import { exampleSpec, hashOf } from "../../support/examples.ts";
import { bob, complete, type OpenWorld, resultOf, start, take, type World } from "./world.ts";

export function trainedRunsContract(open: OpenWorld): void {
  describe("trained runs", () => trainedRuns(open));
}

function trainedRuns(open: OpenWorld): void {
  let world: World;
  afterEach(() => world.close());

  const dataset = exampleSpec().dataset as Sha256;
  const losses = async (owner = localOwner, of = dataset, limit = 100) =>
    (await world.store.work.trainedRuns(owner, of, limit)).map(({ validationLoss }) => validationLoss);

  test("say what time, epochs and loss depended on", async () => {
    world = await open();
    const { assignments, runs } = await start(world.store, [["fit"]]);
    const claim = await take(world.store, assignments[0]);
    await complete(world.store, claim, runs[0], resultOf(0.25));
    expect(await world.store.work.trainedRuns(localOwner, dataset, 10)).toEqual([
      {
        assignmentId: assignments[0],
        dataset,
        target: "y",
        plan: hashOf("a"),
        engine: "scripted",
        inputs: 8,
        outputs: 1,
        trainingRows: 560,
        validationRows: 240,
        capacity: { hiddenLayers: 1, nodesPerLayer: 100 },
        recipe: exampleSpec().recipe,
        learningRate: 0.001,
        fold: 0,
        validationLoss: 0.25,
        epochs: 3,
        bestEpoch: 2,
        trainMs: 12.5,
      },
    ]);
  });

  test("come with the dataset's own first, then the newest, as many as wanted, and never another owner's", async () => {
    world = await open();
    const trained = async (loss: number, of?: Sha256, owner = localOwner) => {
      const { assignments, runs } = await start(world.store, [["fit"]], owner, of === undefined ? {} : { dataset: of });
      await complete(world.store, await take(world.store, assignments[0]), runs[0], resultOf(loss));
      await world.pass(2);
    };
    const other = hashOf("9") as Sha256;
    for (const [loss, of] of [[0.1], [0.2, other], [0.3], [0.4, other]] as const) await trained(loss, of);
    await trained(0.5, undefined, bob);
    expect(await losses()).toEqual([0.3, 0.1, 0.4, 0.2]);
    expect(await losses(localOwner, other)).toEqual([0.4, 0.2, 0.3, 0.1]);
    expect(await losses(localOwner, dataset, 3)).toEqual([0.3, 0.1, 0.4]);
    expect(await losses(bob)).toEqual([0.5]);
  });

  test("leave out copies, runs that diverged or still train, and the run that reads the test split", async () => {
    world = await open();
    const { assignments, runs } = await start(world.store, [["fit", "fit", "fit", "finalise"]]);
    const claim = await take(world.store, assignments[0]);
    const [copied, diverged, , finalise] = runs as RunId[];
    const end = (run: RunId | undefined, outcome: object) =>
      world.store.work.completeRun(claim, run as RunId, { state: "COMPLETED", result: resultOf(0.1), ...outcome });
    await end(copied, { reusedFrom: "run_another" as RunId });
    await end(diverged, { state: "DIVERGED", result: resultOf(null) });
    await end(finalise, {});
    expect(await losses()).toEqual([]);
  });
}
