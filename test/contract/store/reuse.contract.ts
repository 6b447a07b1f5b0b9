/** The contract of reuse: a claim names finished runs of the same content, owner and engine, and a copy says where it came from. */
import { localOwner, type RunId } from "@rightsize/core";
import { afterEach, describe, expect, test } from "vitest";
import { bob, complete, fingerprints, type OpenWorld, resultOf, snapshotOf, start, take, type World } from "./world.ts";

export function reuseContract(open: OpenWorld): void {
  describe("reuse", () => reuses(open));
}

function reuses(open: OpenWorld): void {
  let world: World;
  afterEach(() => world.close());

  /** An experiment whose only run is completed; returns the run. */
  async function trained(owner = localOwner, withFingerprints: Readonly<Record<string, string>> = fingerprints): Promise<RunId> {
    const started = await start(world.store, [["fit"]], owner);
    const claim = await take(world.store, started.assignments[0], { with: withFingerprints });
    await complete(world.store, claim, started.runs[0], resultOf(0.25));
    await world.store.work.endAttempt(claim, "completed", null);
    return started.runs[0] as RunId;
  }

  test("a claim names the finished run of the same content, and the copy says where it came from", async () => {
    world = await open();
    const donor = await trained();
    const { id, assignments, runs } = await start(world.store, [["fit"]]);
    const claim = await take(world.store, assignments[0]);
    expect(claim.donors).toMatchObject([{ runId: runs[0], donor: { id: donor, result: { validationLoss: 0.25 } } }]);
    const result = claim.donors[0]?.donor.result;
    if (result == null) throw new Error("the donor has no result");
    await world.store.work.completeRun(claim, runs[0] as RunId, { state: "COMPLETED", result, reusedFrom: donor });
    expect((await snapshotOf(world.store, id)).runs).toMatchObject([
      { state: "COMPLETED", reusedFrom: donor, result: { validationLoss: 0.25 } },
    ]);
  });

  test("another owner's run is never named", async () => {
    world = await open();
    await trained(bob);
    const { assignments } = await start(world.store, [["fit"]]);
    expect((await take(world.store, assignments[0])).donors).toEqual([]);
  });

  test("a run of another engine fingerprint is never named", async () => {
    world = await open();
    await trained(localOwner, Object.fromEntries(Object.keys(fingerprints).map((engine) => [engine, "another"])));
    const { assignments } = await start(world.store, [["fit"]]);
    expect((await take(world.store, assignments[0])).donors).toEqual([]);
  });

  test("a `finalise` run takes and gives nothing: the test split is read once for each experiment", async () => {
    world = await open();
    await trained();
    const { assignments } = await start(world.store, [["finalise"]]);
    expect((await take(world.store, assignments[0])).donors).toEqual([]);
  });
}
