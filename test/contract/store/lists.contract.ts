/** The store's contract for lists: found by words and states, with the rows of many tables at once. */
import { type ExperimentId, type NewExperiment, randomIds } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examplePlan, exampleSpec, hashOf } from "../../support/examples.ts";
import { alice, bob, nothing, type OpenWorld, setState, start, type World } from "./world.ts";

export function listsContract(open: OpenWorld): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  const newExperiment = (overrides: Partial<NewExperiment> = {}): NewExperiment => ({
    id: randomIds("experiment"),
    owner: alice,
    spec: exampleSpec(),
    plan: examplePlan(),
    policyVersion: "course@1",
    idempotency: null,
    ...overrides,
  });

  describe("lists of experiments", () => {
    test("show those in which every word occurs, in these states, page by page", async () => {
      const { store } = world;
      const put = async (name: string, target: string, owner = alice) => {
        const { experiment } = await store.experiments.create(newExperiment({ owner, spec: exampleSpec({ name, target }) }), () => null);
        await world.pass(2);
        return experiment.id;
      };
      const wages = await put("Hourly Wages", "wage");
      const odd = await put("100% of_it\\", "y");
      const again = await put("Wages again", "wage");
      await put("Wages of another", "wage", bob);
      await setState(store, again, "CANCELLED");
      const found = async (filter: { search?: string; states?: readonly ("QUEUED" | "CANCELLED")[] }, limit = 10) => {
        const page = await store.experiments.list(alice, { limit, cursor: null, ...filter });
        return page.items.map(({ id }) => id);
      };
      expect(await found({})).toEqual([again, odd, wages]);
      expect(await found({ search: " wages  WAGE " })).toEqual([again, wages]);
      expect(await found({ search: "wages hourly" })).toEqual([wages]);
      expect(await found({ search: wages.slice(0, 12) })).toEqual([wages]);
      for (const literal of ["0%", "f_i", "it\\"]) expect(await found({ search: literal }), literal).toEqual([odd]);
      expect(await found({ search: "%" })).toEqual([odd]);
      expect(await found({ search: "wage", states: ["QUEUED"] })).toEqual([wages]);
      expect(await found({ states: ["CANCELLED"] })).toEqual([again]);
      const first = await store.experiments.list(alice, { limit: 1, cursor: null, search: "wage" });
      expect(first.items.map(({ id }) => id)).toEqual([again]);
      const second = await store.experiments.list(alice, { limit: 1, cursor: first.cursor, search: "wage" });
      expect([second.items.map(({ id }) => id), second.cursor]).toEqual([[wages], null]);
    });

    test("about one dataset show those of the owner", async () => {
      const { store } = world;
      const put = async (dataset: string, owner = alice) => {
        const spec = exampleSpec({ dataset: hashOf(dataset) });
        const { experiment } = await store.experiments.create(newExperiment({ owner, spec }), () => null);
        await world.pass(2);
        return experiment.id;
      };
      const first = await put("1");
      await put("2");
      await put("1", bob);
      const last = await put("1");
      const page = await store.experiments.list(alice, { limit: 1, cursor: null, dataset: hashOf("1") });
      expect(page.items.map(({ id }) => id)).toEqual([last]);
      const rest = await store.experiments.list(alice, { limit: 1, cursor: page.cursor, dataset: hashOf("1") });
      expect([rest.items.map(({ id }) => id), rest.cursor]).toEqual([[first], null]);
      expect((await store.experiments.list(alice, { limit: 9, cursor: null, dataset: hashOf("3") })).items).toEqual([]);
    });

    test("have each table's rows for all of them at once, without trials that nobody asked for", async () => {
      const { store } = world;
      const one = await start(store, [["fit", "fit"]]);
      const other = await start(store, [["fit"]]);
      const { experiment: none } = await store.experiments.create(newExperiment(), () => null);
      await store.experiments.advance(one.id, () => ({
        ...nothing,
        newTrials: [
          {
            id: randomIds("trial"),
            number: null,
            capacity: { hiddenLayers: 7, nodesPerLayer: 7 },
            parameterCount: 1,
            speculative: true,
            recipe: exampleSpec().recipe,
          },
        ],
      }));
      const rows = await store.experiments.summaries([other.id, one.id, none.id, "exp_unknown" as ExperimentId]);
      expect([...rows.keys()].sort()).toEqual([one.id, other.id].sort());
      expect(rows.get(one.id)).toEqual([
        {
          number: 1,
          capacity: expect.objectContaining({ hiddenLayers: expect.any(Number), nodesPerLayer: expect.any(Number) }),
          state: "PENDING",
          score: null,
          metrics: null,
          winner: false,
          runs: 2,
          endedRuns: 0,
        },
      ]);
    });
  });
}
