/** The course's table to the letter, and every corner the letter leaves open. */
import { capacityText } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { decide, type OutcomesOf, parseSearch, simulate, summariseTrial } from "../../src/index.ts";
import { byCapacity, contextOf, inOrder, outcome, rowsOf } from "../support.ts";

const context = contextOf("course");
const path = (...scores: (number | null)[]) => rowsOf(context, inOrder(...scores));

describe("the course's table", () => {
  it("walks 1×100, 1×250, 2×250, 3×250, 3×200 on 5.4, 4.8, 4.4, 4.5, 4.3 and answers 3×200", () => {
    expect(path(5.4, 4.8, 4.4, 4.5, 4.3)).toEqual([
      "1×100 5.4 INCREASE_CAPACITY",
      "1×250 4.8 INCREASE_CAPACITY",
      "2×250 4.4 INCREASE_CAPACITY",
      "3×250 4.5 DECREASE_CAPACITY",
      "3×200 4.3 DONE *",
    ]);
  });

  it("marks the best trial where it stands when the step back doesn't help", () => {
    expect(path(5.4, 4.8, 4.4, 4.5, 4.6)).toEqual([
      "1×100 5.4 INCREASE_CAPACITY",
      "1×250 4.8 INCREASE_CAPACITY",
      "2×250 4.4 INCREASE_CAPACITY *",
      "3×250 4.5 DECREASE_CAPACITY",
      "3×200 4.6 DONE",
    ]);
  });

  it("says why in plain sentences with the numbers", () => {
    const history = simulate(context, inOrder(5.4, 4.8, 4.4, 4.5, 4.3));
    expect(history.map(({ decision }) => decision.reason)).toEqual([
      "Start small, with 1×100: increase capacity from there while the validation score improves",
      "1×100 scored 5.4, the first score: increase capacity to 1×250",
      "1×250 scored 4.8, better than 5.4 with 1×100: increase capacity to 2×250",
      "2×250 scored 4.4, better than 4.8 with 1×250: increase capacity to 3×250",
      "3×250 scored 4.5, not better than 4.4 with 2×250: decrease capacity to 3×200",
      "3×200 scored 4.3, better than 4.4 with 2×250, and the climb is over: done, the answer is 3×200 with 4.3",
    ]);
  });

  it("keeps the comparison it made as evidence, without a word that one fit a side can't bear", () => {
    const history = simulate(context, inOrder(5.4, 4.8, 4.4, 4.5, 4.3));
    expect(history[4]?.decision.evidence).toEqual({
      rule: "course: strictly better",
      scores: [
        { trial: 3, score: 4.4, runs: 1 },
        { trial: 4, score: 4.5, runs: 1 },
      ],
      comparisons: [
        {
          trial: 4,
          against: 3,
          difference: Number(Math.log(4.5 / 4.4).toPrecision(12)),
          standardError: null,
          pairs: [{ seed: 7, fold: 0, difference: Number(Math.log(4.5 / 4.4).toPrecision(12)) }],
          verdict: null,
          detectableGap: null,
        },
      ],
      numbers: {},
    });
  });

  it("asks for one fit a rung, on fold 0, with the experiment's seed", () => {
    const decision = decide({ ...context, folds: 5, seed: 41 }, []);
    expect(decision).toMatchObject({ runs: [{ purpose: "fit", seed: 41, fold: 0, learningRate: 0.001 }] });
  });
});

describe("what the letter leaves open", () => {
  it("a first widening that fails is stepped back from like any other rung", () => {
    expect(path(4, 5, 4.5)).toEqual(["1×100 4 INCREASE_CAPACITY *", "1×250 5 DECREASE_CAPACITY", "1×200 4.5 DONE"]);
  });

  it("an equal score is not better", () => {
    expect(path(5, 4.5, 4.5, 4.5)).toEqual([
      "1×100 5 INCREASE_CAPACITY",
      "1×250 4.5 INCREASE_CAPACITY *",
      "2×250 4.5 DECREASE_CAPACITY",
      "2×200 4.5 DONE",
    ]);
  });

  it("shows as many digits as it takes to tell two scores apart", () => {
    const history = simulate(context, inOrder(0.123456, 0.123457, 1));
    expect(history[2]?.decision.reason).toContain("1×250 scored 0.123457, not better than 0.123456 with 1×100");
  });

  it("a ceiling reached without failure ends with the last rung", () => {
    const low = contextOf("course", { parameters: { layerCeiling: 3 } });
    expect(rowsOf(low, inOrder(5, 4, 3, 2))).toEqual([
      "1×100 5 INCREASE_CAPACITY",
      "1×250 4 INCREASE_CAPACITY",
      "2×250 3 INCREASE_CAPACITY",
      "3×250 2 DONE *",
    ]);
    expect(simulate(low, inOrder(5, 4, 3, 2)).at(-1)?.decision).toMatchObject({ verdict: "ceiling", winner: 4 });
  });

  it("a diverged rung has no score and is not better", () => {
    expect(path(5, 4, null, 3)).toEqual([
      "1×100 5 INCREASE_CAPACITY",
      "1×250 4 INCREASE_CAPACITY",
      "2×250 none DECREASE_CAPACITY",
      "2×200 3 DONE *",
    ]);
  });

  it("a first rung that diverges is stepped back from, and any score beats none", () => {
    expect(path(null, 5)).toEqual(["1×100 none DECREASE_CAPACITY", "1×80 5 DONE *"]);
  });

  it("nothing scored is nothing trainable, without a winner", () => {
    const last = simulate(context, inOrder(null)).at(-1)?.decision;
    expect(last).toMatchObject({ action: "FINISH", about: 2, winner: null, verdict: "nothing_trainable" });
  });

  it("a limit ends the search with the best so far", () => {
    const history = simulate(context, inOrder(5.4, 4.8, 4.9), { maxTrials: 3 });
    expect(history.at(-1)?.decision).toMatchObject({ action: "FINISH", about: 3, winner: 2, verdict: "limit" });
    expect(history.at(-1)?.decision.reason).toBe("The limit of 3 trials is reached: done, the best so far is 1×250 with 4.8");
  });
});

describe("a sweep of learning rates", () => {
  const sweep = contextOf("course", { recipe: { ...context.recipe, learningRate: { kind: "sweep", values: [1e-6, 0.01, 1] } } });

  it("trains one run a rate, and the best rate stands for the trial", () => {
    const losses = new Map([
      [1e-6, 9],
      [0.01, 4],
      [1, null],
    ]);
    const history = simulate(sweep, (request, { capacity }) => outcome(request, capacity, losses.get(request.learningRate) ?? null));
    expect(history[0]?.decision).toMatchObject({ runs: [{ learningRate: 1e-6 }, { learningRate: 0.01 }, { learningRate: 1 }] });
    expect(summariseTrial(history, 1)).toMatchObject({ learningRate: 0.01, score: 4 });
    expect(summariseTrial(history, 1).fits.map(({ entry, position }) => [entry, position])).toEqual([[0, 1]]);
  });

  it("has no score when every rate diverged", () => {
    const history = simulate(sweep, byCapacity({ "1×100": 5, "1×250": null }, 6));
    expect(summariseTrial(history, 2)).toMatchObject({ learningRate: null, score: null, fits: [] });
    expect(history[2]?.decision.reason).toContain("1×250 has no score");
  });
});

describe("short probes of learning rates", () => {
  const probing = contextOf("course", {
    recipe: { ...context.recipe, learningRate: { kind: "probe", values: [1e-6, 0.01, 1], epochs: 2 } },
  });

  it("precede the one fit of each rung, and the walk is the course's", () => {
    const scores = inOrder(5.4, 4.8, 4.4, 4.5, 4.3);
    const play: OutcomesOf = (request, trial) =>
      request.maxEpochs === undefined
        ? scores(request, trial)
        : outcome(request, trial.capacity, request.learningRate === 0.01 ? 0.1 : 0.2);
    expect(rowsOf(probing, play)).toEqual(path(5.4, 4.8, 4.4, 4.5, 4.3));
    const history = simulate(probing, play);
    expect(history.map(({ decision }) => decision.action)).toEqual([...Array(5).fill(["START_TRIAL", "ADD_RUNS"]).flat(), "FINISH"]);
    expect(history[3]?.decision).toMatchObject({
      reason: "1×250 learned best at a rate of 0.01 within 2 epochs: fit it afresh at that rate",
      runs: [{ purpose: "fit", seed: 7, fold: 0, learningRate: 0.01 }],
    });
  });

  it("leave no score when all of them diverged", () => {
    const history = simulate(probing, byCapacity({ "1×100": 5, "1×250": null }, 6));
    expect(summariseTrial(history, 2)).toMatchObject({ score: null, fits: [] });
    expect(history[3]?.decision.reason).toContain("1×250 has no score");
  });
});

describe("its parameters", () => {
  const tried = (parameters: Record<string, unknown>, ...scores: number[]) =>
    simulate(contextOf("course", { parameters }), inOrder(...scores)).flatMap(({ decision }) =>
      decision.action === "START_TRIAL" ? [capacityText(decision.capacity)] : [],
    );

  it("are filled in with the course's rungs", () => {
    expect(parseSearch({ preset: "course", parameters: {} })).toEqual({
      ok: true,
      search: {
        preset: "course",
        parameters: { nodes: [100, 250], layerStep: 1, layerCeiling: 8, stepBack: { factor: 0.8, count: 1 } },
      },
    });
  });

  it("are the rungs: other nodes, larger steps", () => {
    expect(tried({ nodes: [16, 32, 64], layerStep: 2, layerCeiling: 5 }, 9, 8, 7, 6, 5)).toEqual(["1×16", "1×32", "1×64", "3×64", "5×64"]);
  });

  it("step back not at all, or until a step is better than the best", () => {
    expect(tried({ stepBack: { count: 0 } }, 4, 5)).toEqual(["1×100", "1×250"]);
    expect(tried({ stepBack: { factor: 0.5, count: 3 } }, 4, 5, 4.5, 3, 2)).toEqual(["1×100", "1×250", "1×125", "1×63"]);
  });

  it("never step back to a size that was tried", () => {
    expect(tried({ nodes: [200, 250] }, 4, 5)).toEqual(["1×200", "1×250"]);
  });

  it.each([
    [{ nodes: [250, 100] }, "/search/parameters/nodes", "numbers that rise from each to the next"],
    [{ nodes: [0] }, "/search/parameters/nodes/0", "at least 1"],
    [{ nodes: "many" }, "/search/parameters/nodes", "a list of whole numbers"],
    [{ stepBack: { factor: 1 } }, "/search/parameters/stepBack/factor", "less than 1"],
    [{ layerCeiling: 1.5 }, "/search/parameters/layerCeiling", "a whole number"],
    [{ node: [1] }, "/search/parameters/node", "a parameter of this preset: there is none of this name"],
  ])("%j is refused at %s", (parameters, where, required) => {
    const parsed = parseSearch({ preset: "course", parameters });
    expect(parsed).toMatchObject({ ok: false, issues: [{ where, required }] });
  });
});
