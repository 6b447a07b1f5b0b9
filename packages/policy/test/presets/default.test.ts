/** The measured default, told by examples: what it does on landscapes whose right answer is plain. */
import { createHash } from "node:crypto";
import {
  type Capacity,
  canonicalText,
  capacityText,
  type Decision,
  type History,
  type PolicyContext,
  type RunOutcome,
} from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { decide, type OutcomesOf, parseSearch, policyVersion, simulate, summariseTrial, trialTable } from "../../src/index.ts";
import { contextOf, outcome } from "../support.ts";

/** Losses from a formula of (layers, nodes), with a repeatable wiggle of about ± `noise` by seed. */
function surface(
  level: (capacity: Capacity) => number,
  noise = 0.01,
  more: (capacity: Capacity) => Partial<RunOutcome> = () => ({}),
): OutcomesOf {
  return (request, { capacity }) => {
    const wiggle = Math.sin(request.seed * 12.9898 + capacity.hiddenLayers * 78.233 + capacity.nodesPerLayer * 37.719);
    return outcome(request, capacity, level(capacity) * (1 + noise * wiggle), more(capacity));
  };
}
const octaves = ({ nodesPerLayer }: Capacity) => Math.log2(Math.max(1, nodesPerLayer));

const context = contextOf("default");
const sizes = (history: History) => trialTable(history).map(({ capacity }) => capacityText(capacity));
const answerOf = (history: History) => {
  const row = trialTable(history).find(({ winner }) => winner);
  return row === undefined ? null : capacityText(row.capacity);
};
const last = (history: History) => history.at(-1)?.decision as Extract<Decision, { action: "FINISH" }>;
const of = <Action extends Decision["action"]>(history: History, action: Action) =>
  history.flatMap(({ decision }) => (decision.action === action ? [decision as Extract<Decision, { action: Action }>] : []));

describe("where it looks", () => {
  it("starts with the linear model and 1×64, then climbs by a layer and twice the nodes while the loss falls", () => {
    const history = simulate(
      context,
      surface((capacity) => (capacity.hiddenLayers === 0 ? 0.9 : 0.5 - 0.03 * capacity.hiddenLayers - 0.02 * octaves(capacity))),
    );
    expect(sizes(history).slice(0, 5)).toEqual(["linear", "1×64", "2×128", "3×256", "3×16"]);
    expect(sizes(history)).toContain("4×512");
    expect(answerOf(history)).toBe("4×512");
    expect(last(history).verdict).toBe("ceiling");
  });

  it("climbs as far as it is told", () => {
    const falling = surface((capacity) =>
      capacity.hiddenLayers === 0 ? 0.9 : 0.5 - 0.03 * capacity.hiddenLayers - 0.02 * octaves(capacity),
    );
    const told = (most: number) =>
      sizes(simulate({ ...context, parameters: { step: { most }, probes: [], explore: { fits: 0 } } }, falling));
    expect(told(0)).toEqual(["linear", "1×64"]);
    expect(told(1)).toEqual(["linear", "1×64", "2×128"]);
    expect(told(9)).toEqual(["linear", "1×64", "2×128", "3×256", "4×512"]);
  });

  it("stops climbing at the first step that isn't better, and probes away from the path", () => {
    const history = simulate(
      context,
      surface((capacity) =>
        capacity.hiddenLayers === 0 ? 0.9 : 0.3 + 0.05 * Math.abs(octaves(capacity) - 7) + 0.05 * Math.abs(capacity.hiddenLayers - 2),
      ),
    );
    expect(sizes(history).slice(0, 5)).toEqual(["linear", "1×64", "2×128", "3×256", "3×16"]);
    expect(answerOf(history)).toBe("2×128");
  });

  it("escapes a trap: a valley that no step from the start leads to", () => {
    // One hidden layer is hopeless, many nodes are bad: the good sizes are deep and narrow.
    const history = simulate(
      context,
      surface((capacity) => (capacity.hiddenLayers < 2 ? 0.5 : 0.1 + 0.06 * Math.max(0, octaves(capacity) - 4))),
    );
    expect(answerOf(history)).toMatch(/^[234]×16$/);
  });

  it("makes guided fits only where enough gain is expected for their work, and no more than told", () => {
    const uneven = surface((capacity) => 0.6 - 0.04 * octaves(capacity) + 0.1 * capacity.hiddenLayers);
    const told = (explore: Record<string, unknown>) => simulate({ ...context, parameters: { explore } }, uneven);
    const without = told({ fits: 0 }).length;
    expect(told({}).length).toBeGreaterThan(without);
    expect(told({ fits: 1 }).length).toBe(without + 1);
    expect(told({ leastGain: 1 }).length).toBe(without);
    expect(told({ gainForWork: 10 }).length).toBeLessThan(told({}).length);
    expect(answerOf(told({ gainForWork: 0 }))).toBe("1×512");
  });

  it("gives each row a next step by the size of what follows, and the last one DONE", () => {
    const history = simulate(
      context,
      surface(() => 0.5),
    );
    const rows = trialTable(history);
    expect(rows[0]).toMatchObject({ nextStep: "INCREASE_CAPACITY" });
    expect(rows.at(-1)).toMatchObject({ nextStep: "DONE" });
    expect(rows.filter(({ nextStep }) => nextStep === "DECREASE_CAPACITY").length).toBeGreaterThan(0);
  });

  it("asks for replicates with the seeds that follow the experiment's, on the folds that the plan has", () => {
    const folded = { ...context, folds: 5, parameters: { linear: false, startFits: 3 } };
    expect(decide(folded, [])).toMatchObject({
      runs: [
        { purpose: "fit", seed: 7, fold: 0 },
        { purpose: "fit", seed: 8, fold: 1 },
        { purpose: "fit", seed: 9, fold: 2 },
      ],
    });
  });
});

describe("another fit of a tried size", () => {
  // Sizes differ by less than fits do.
  const close = surface((capacity) => (capacity.hiddenLayers === 0 ? 0.9 : 0.5 - 0.002 * octaves(capacity)), 0.05);
  const often = { explore: { leastGain: 0, gainForWork: 0, fits: 40, fitsOfOne: 3 } };

  it("is made where it can change the answer, never more often than told, and never changes a row's next step", () => {
    const history = simulate({ ...context, parameters: often }, close);
    const added = of(history, "ADD_RUNS");
    expect(added.length).toBeGreaterThan(3);
    expect(added.every(({ runs }) => runs.length === 1 && runs.every(({ purpose }) => purpose === "finals"))).toBe(true);
    expect(added[0]?.reason).toMatch(/^Fit \d×\d+ a (second|third) time, from which the trials so far let a gain of .* % be expected$/);
    const fits = trialTable(history).map(({ number }) => summariseTrial(history, number).all.length);
    expect(Math.max(...fits)).toBe(3);
    const starts = history.filter(({ decision }) => decision.action !== "ADD_RUNS");
    expect(trialTable(history).map(({ nextStep }) => nextStep)).toEqual(trialTable(starts).map(({ nextStep }) => nextStep));
  });

  it("is a second mean beside the row's score", () => {
    const history = simulate({ ...context, parameters: often }, close);
    const first = of(history, "ADD_RUNS")[0];
    const summary = summariseTrial(history, first?.trial ?? 0);
    expect(summary.finalsScore).not.toBeNull();
    expect(summary.all.length).toBeGreaterThan(summary.fits.length);
    expect(summary.score).toBe(trialTable(history)[(first?.trial ?? 0) - 1]?.score);
  });

  it("is not made when nothing can change the answer", () => {
    const clear = surface((capacity) => (capacityText(capacity) === "2×128" ? 0.1 : 0.8), 0.001);
    expect(of(simulate(context, clear), "ADD_RUNS")).toEqual([]);
  });
});

describe("the answer", () => {
  it("is the linear model on linear data", () => {
    const history = simulate(
      context,
      surface((capacity) => (capacity.hiddenLayers === 0 ? 0.3 : 0.305), 0.003),
    );
    expect(answerOf(history)).toBe("linear");
  });

  it("is a smaller network where it is as good, and says of which it is as good", () => {
    const nearly = surface((capacity) => (capacity.hiddenLayers === 0 ? 0.9 : capacity.nodesPerLayer <= 64 ? 0.5005 : 0.5), 0);
    const history = simulate(context, nearly);
    expect(answerOf(history)).toBe("1×16");
    expect(last(history).reason).toContain("the smallest within 0.3 % of the best");
    expect(answerOf(simulate({ ...context, parameters: { cheaperWithin: 0 } }, nearly))).toMatch(/×(128|256|512)$/);
  });

  const lucky: OutcomesOf = (request, { capacity }) => {
    const first = request.seed === context.seed && capacityText(capacity) === "2×128";
    return outcome(request, capacity, capacity.hiddenLayers === 0 ? 0.9 : first ? 0.46 : 0.5);
  };
  const told = (explore: object) => simulate({ ...context, parameters: { explore } }, lucky);
  const confirmations = (history: History) =>
    of(history, "ADD_RUNS").filter(({ reason }) => reason.includes("to confirm the answer")).length;

  it("may have a higher score than another row, whose neighbours speak against it, and says so", () => {
    // As measured on concrete: one fit of 2×128 came out lower than its neighbours let expect.
    const measured: Record<string, number> = { linear: 0.3985, "1×64": 0.1355, "2×128": 0.1009, "3×256": 0.122, "3×16": 0.1469 };
    Object.assign(measured, { "2×256": 0.1068, "1×512": 0.1036, "2×512": 0.1017 });
    const history = simulate(
      { ...context, parameters: { explore: { leastFits: 1 } } },
      surface((capacity) => measured[capacityText(capacity)] ?? 0.13, 0),
    );
    const lowest = Math.min(...trialTable(history).map(({ score }) => score ?? 1));
    expect(trialTable(history).find(({ winner }) => winner)?.score).toBeGreaterThan(lowest);
    expect(last(history).reason).toMatch(
      /by what all scores together let expect, though 2×128 by itself scored lower \(0\.1009 against 0\.1\d+\)/,
    );
  });

  it("is fitted as often as told, so that a lucky fit is found out", () => {
    const fits = (history: History) => summariseTrial(history, last(history).winner ?? 0).all.length;
    expect(fits(told({ leastFits: 1 }))).toBe(1);
    expect(fits(told({ leastFits: 3 }))).toBeGreaterThanOrEqual(3);
    expect(confirmations(told({ leastFits: 3 }))).toBeGreaterThan(0);
  });

  it("is that nothing beats the mean, on a target that was shuffled", () => {
    const history = simulate(
      context,
      surface(() => 1, 0.01),
    );
    expect(last(history).verdict).toBe("nothing_beats_mean");
    expect(last(history).reason).toContain("Nothing beats the mean predictor");
  });

  it("is a weak signal found, where there are rows enough to tell", () => {
    const many: PolicyContext = { ...context, trainingRows: 14_000, validationRows: 6000 };
    expect(
      last(
        simulate(
          many,
          surface(() => 0.97, 0.005),
        ),
      ).verdict,
    ).toBe("converged");
  });

  it("has a word for every other trial with two fits a side, and the gap that would have shown where it is undecided", () => {
    const history = simulate(
      { ...context, parameters: { startFits: 3, explore: { leastGain: 0, gainForWork: 0 } } },
      surface((capacity) => (capacity.hiddenLayers === 0 ? 0.9 : 0.5 - 0.001 * octaves(capacity)), 0.05),
    );
    const { comparisons } = last(history).evidence;
    const judged = comparisons.filter(({ verdict }) => verdict !== null);
    expect(judged.length).toBeGreaterThan(0);
    for (const { verdict, detectableGap, difference } of judged)
      if (verdict === "undecided") expect(Math.abs(difference)).toBeLessThan(detectableGap ?? 0);
    expect(last(history).reason).toContain("would have shown");
  });

  it("pairs what it compares by seed and fold", () => {
    const { comparisons } = last(
      simulate(
        context,
        surface(() => 0.5, 0.05),
      ),
    ).evidence;
    expect(comparisons.some(({ pairs }) => pairs.length > 0)).toBe(true);
  });
});

describe("cause before size", () => {
  const good = surface((capacity) => (capacity.hiddenLayers === 0 ? 0.9 : 0.5 - 0.02 * octaves(capacity)));

  it("answers a diverged rung by a lower rate, never by a smaller network, and goes on at that rate", () => {
    const history = simulate(context, (request, trial) =>
      trial.capacity.hiddenLayers > 0 && request.learningRate > 0.0005 ? outcome(request, trial.capacity, null) : good(request, trial),
    );
    const [repair] = of(history, "CHANGE_RECIPE");
    expect(repair).toMatchObject({ trial: 2, change: { gradientClipNorm: 1, initialisation: "auto" } });
    expect(repair?.reason).toContain("1×64 diverged: train it again at a rate of 0.0001");
    expect(of(history, "CHANGE_RECIPE")).toHaveLength(1);
    expect(summariseTrial(history, 2).learningRate).toBeCloseTo(0.0001, 12);
    expect(answerOf(history)).toBe("1×512");
  });

  it("says untrainable when no repair helps, and that nothing was trainable when that holds for all", () => {
    const hopeless: OutcomesOf = (request, trial) =>
      trial.capacity.hiddenLayers > 0 ? outcome(request, trial.capacity, null) : good(request, trial);
    const history = simulate(context, hopeless);
    expect(answerOf(history)).toBe("linear");
    expect(last(history).evidence.comparisons.map(({ verdict }) => verdict)).toContain("untrainable");
    expect(of(history, "CHANGE_RECIPE").filter(({ trial }) => trial === 2)).toHaveLength(2);
    const nothing = simulate(context, (request, { capacity }) => outcome(request, capacity, null));
    expect(last(nothing)).toMatchObject({ verdict: "nothing_trainable", winner: null });
  });

  it("gives a run that ended at the epoch cap more epochs before it is compared", () => {
    const history = simulate(context, (request, trial) => {
      const more = trial.recipe.maxEpochs <= 400 && trial.capacity.nodesPerLayer === 64;
      return more ? outcome(request, trial.capacity, 0.7, { capped: true }) : good(request, trial);
    });
    const [repair] = of(history, "CHANGE_RECIPE");
    expect(repair).toMatchObject({ trial: 2, change: { maxEpochs: 1600 } });
    expect(summariseTrial(history, 2).all.every(({ outcome: { capped } }) => !capped)).toBe(true);
  });

  it("says capped, not worse, when the ceiling of epochs is reached", () => {
    const history = simulate({ ...context, parameters: { startFits: 2, explore: { leastGain: 0, gainForWork: 0 } } }, (request, trial) =>
      trial.capacity.nodesPerLayer === 64 ? outcome(request, trial.capacity, 0.49, { capped: true }) : good(request, trial),
    );
    expect(last(history).evidence.comparisons.find(({ trial }) => trial === 2)).toMatchObject({ verdict: "capped" });
  });

  it("asks for other initial weights when gradients vanished and the network is no better for it", () => {
    const history = simulate(context, (request, trial) =>
      trial.capacity.hiddenLayers === 2 && trial.recipe.initialisation !== "he"
        ? outcome(request, trial.capacity, 0.99, { symptoms: ["vanishing_gradients"] })
        : good(request, trial),
    );
    expect(of(history, "CHANGE_RECIPE")[0]).toMatchObject({ trial: 3, change: { initialisation: "he", initialScale: 1 } });
  });

  it("leaves a network with symptoms alone when it is better all the same", () => {
    const history = simulate(context, (request, trial) => {
      const fine = good(request, trial);
      return trial.capacity.hiddenLayers === 2 ? ({ ...fine, symptoms: ["dying_units"] } as RunOutcome) : fine;
    });
    expect(of(history, "CHANGE_RECIPE").filter(({ trial }) => trial === 3)).toEqual([]);
  });
});

describe("a sweep of learning rates", () => {
  const sweep = { ...context, recipe: { ...context.recipe, learningRate: { kind: "sweep", values: [1e-6, 0.01, 1] } as const } };
  const history = simulate(sweep, (request, { capacity }) =>
    outcome(request, capacity, request.learningRate === 1 ? null : request.learningRate === 0.01 ? 0.5 : 0.95),
  );

  it("probes each rate once, then fits the chosen rate alone with fresh seeds", () => {
    expect(history[0]?.decision).toMatchObject({ runs: [{ purpose: "probe" }, { purpose: "probe" }, { purpose: "probe" }] });
    expect(history[1]?.decision).toMatchObject({ action: "ADD_RUNS", trial: 1 });
    const probes = new Set(history[0]?.outcomes.map(({ seed }) => seed));
    expect(
      history[1]?.outcomes.every(({ purpose, learningRate, seed }) => purpose === "fit" && learningRate === 0.01 && !probes.has(seed)),
    ).toBe(true);
  });

  it("lets the fits alone stand for the trial", () => {
    const summary = summariseTrial(history, 1);
    expect(summary.fits.every(({ outcome: { purpose } }) => purpose === "fit")).toBe(true);
    expect(summary.learningRate).toBe(0.01);
  });
});

describe("short probes of learning rates", () => {
  const probing = {
    ...context,
    recipe: { ...context.recipe, learningRate: { kind: "probe", values: [1e-6, 0.01, 1], epochs: 3 } as const },
  };
  /** Short runs are further from their end, and capped as far as an engine could know. */
  const play: OutcomesOf = (request, { capacity, recipe }) => {
    const loss = request.learningRate === 1 ? null : request.learningRate === 0.01 ? 0.5 : 0.95;
    const short = recipe.maxEpochs === 3;
    return outcome(request, capacity, loss === null ? null : short ? loss / 10 : loss, {
      capped: short,
      symptoms: short ? ["dying_units"] : [],
    });
  };
  const history = simulate(probing, play);

  it("come first at every size, then the chosen rate alone is fitted with fresh seeds", () => {
    expect(history[0]?.decision).toMatchObject({
      action: "START_TRIAL",
      runs: [1e-6, 0.01, 1].map((learningRate) => ({ purpose: "probe", seed: 1007, learningRate, maxEpochs: 3 })),
    });
    expect(history[1]?.decision).toMatchObject({
      action: "ADD_RUNS",
      trial: 1,
      reason: "linear learned best at a rate of 0.01 within 3 epochs: fit it afresh at that rate",
      runs: [{ purpose: "fit", seed: 7, learningRate: 0.01 }],
    });
    expect(history[1]?.outcomes.some(({ maxEpochs }) => maxEpochs !== undefined)).toBe(false);
  });

  it("are never taken for the trial's score, nor for a network that is capped or dying", () => {
    expect(summariseTrial(history.slice(0, 1), 1)).toMatchObject({ learningRate: null, score: null, fits: [], all: [] });
    expect(summariseTrial(history, 1)).toMatchObject({ learningRate: 0.01, score: 0.5 });
    expect(of(history, "CHANGE_RECIPE")).toEqual([]);
    expect(trialTable(history).every(({ score }) => score === 0.5)).toBe(true);
  });

  it("when all of them diverged are followed by a repair at a lower rate", () => {
    const repaired = simulate(probing, (request, { capacity }) => outcome(request, capacity, request.learningRate < 1e-6 ? 0.5 : null));
    expect(repaired[1]?.decision).toMatchObject({
      action: "CHANGE_RECIPE",
      trial: 1,
      runs: [{ purpose: "fit", seed: 7, learningRate: 1e-7 }],
      reason: expect.stringMatching(/^linear diverged: train it again at a rate of 1e-7/),
    });
  });

  it("may choose a rate whose fit diverges: it is repaired from that rate down, not from the least that was probed", () => {
    const repaired = simulate(probing, (request, { capacity }) =>
      outcome(
        request,
        capacity,
        request.maxEpochs === undefined && request.learningRate >= 0.01 ? null : request.learningRate === 0.01 ? 0.1 : 0.5,
      ),
    );
    expect(repaired[1]?.decision).toMatchObject({ action: "ADD_RUNS", runs: [{ learningRate: 0.01 }] });
    expect(repaired[2]?.decision).toMatchObject({ action: "CHANGE_RECIPE", runs: [{ purpose: "fit", learningRate: 0.001 }] });
  });

  it("say nothing of how long a size trains: the guided fits are the same, however many epochs they took", () => {
    const uneven = surface((capacity) => 0.6 - 0.04 * octaves(capacity) + 0.1 * capacity.hiddenLayers);
    const guided = (epochsOf: (capacity: Capacity) => number) =>
      simulate(probing, (request, trial) => {
        const whole = uneven(request, trial);
        return request.maxEpochs === undefined ? whole : { ...whole, epochs: epochsOf(trial.capacity) };
      }).map(({ decision }) => (decision.action === "START_TRIAL" ? capacityText(decision.capacity) : decision.action));
    expect(guided(({ nodesPerLayer }) => (nodesPerLayer > 100 ? 1 : 5000))).toEqual(guided(() => 3));
  });

  it("alone give no answer: a limit before the first fit ends without one", () => {
    const limited: History = [{ ...(history[0] as History[number]), limit: { kind: "cpu", limit: 1 } }];
    expect(decide(probing, limited)).toMatchObject({ action: "FINISH", winner: null, verdict: "limit" });
  });
});

describe("its version", () => {
  /** A bowl over layers and nodes, with a wiggle by seed of ± 3 %: no function whose last bits differ between machines. */
  const bowl =
    (lowest: number): OutcomesOf =>
    (request, { capacity: { hiddenLayers, nodesPerLayer } }) => {
      const wiggle = ((request.seed * 7919 + hiddenLayers * 104_729 + nodesPerLayer * 1_299_709 + lowest * 15_485_863) % 1000) / 1000 - 0.5;
      const off = Math.abs(hiddenLayers - lowest) + Math.abs(nodesPerLayer - 64 * lowest) / 512;
      return outcome(request, { hiddenLayers, nodesPerLayer }, (hiddenLayers === 0 ? 0.9 : 0.4 + 0.02 * off) * (1 + 0.06 * wiggle));
    };

  /** As experiments of this version have them stored: a parameter that comes new isn't among them. */
  const stored = {
    start: { hiddenLayers: 1, nodesPerLayer: 64 },
    startFits: 2,
    step: { layers: 1, factor: 2, most: 2 },
    ceiling: { hiddenLayers: 4, nodesPerLayer: 512 },
    probes: [{ hiddenLayers: 3, nodesPerLayer: 16 }],
    leastGain: 0.02,
    explore: { fits: 30, leastGain: 0.003, gainForWork: 0.1, reach: 8, leastFits: 2, fitsOfOne: 10, fewestNodes: 16 },
    linear: true,
    noise: { deviation: 0.05, weight: 4 },
    band: null,
    confidence: 0.95,
    cheaperWithin: 0.003,
    repairs: { attempts: 2, rateFactor: 0.1, epochFactor: 4, epochCeiling: 1600 },
  };

  it("stands for its decisions: who changes what is decided under parameters of before raises it, with this hash", () => {
    const decisions = [1, 2, 3, 8].flatMap((lowest) =>
      simulate({ ...context, parameters: stored }, bowl(lowest)).map(({ decision }) => canonicalText(decision)),
    );
    const hash = createHash("sha256").update(decisions.join("\n")).digest("hex");
    expect([policyVersion("default"), hash]).toEqual(["default/2", "20dc943d89ac16b9b877e289ddb0dfb1903c075c3ae2f830dc6b82a342a88b5d"]);
  });
});

describe("its parameters", () => {
  it("are all filled in", () => {
    expect(parseSearch({ preset: "default", parameters: { explore: { fits: 5 } } })).toMatchObject({
      ok: true,
      search: {
        parameters: {
          start: { hiddenLayers: 1, nodesPerLayer: 64 },
          explore: { fits: 5, fewestNodes: 16 },
          ceiling: { hiddenLayers: 4, nodesPerLayer: 512 },
        },
      },
    });
  });
  it.each([
    [{ step: { layers: 0, factor: 1 } }, "/search/parameters/step", "a step that adds layers or nodes"],
    [{ probes: [{ hiddenLayers: 0, nodesPerLayer: 4 }] }, "/search/parameters/probes/0/hiddenLayers", "at least 1"],
    [{ confidence: 1 }, "/search/parameters/confidence", "less than 1"],
    [{ explore: { fit: 1 } }, "/search/parameters/explore/fit", "a parameter of this preset: there is none of this name"],
  ])("refuse %j at %s", (parameters, where, required) => {
    expect(parseSearch({ preset: "default", parameters })).toMatchObject({ ok: false, issues: [{ where, required }] });
  });
});
