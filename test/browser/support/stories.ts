/** Experiments as they would happen, step by step: the course's five rows, and a search with replicates and an undecided end. */
import type { Answer, Capacity, Comparison, Decision, Diagnostics, Evidence, RunRequest } from "@rightsize/core";
import { capacityText, randomStream } from "@rightsize/core";
import type { Epoch, Stage, Step } from "./stage.ts";

/** A validation curve whose lowest loss is exactly `best`, at `bestEpoch`, and which then waits out its patience. */
export function curve(best: number, bestEpoch: number, patience: number, seed: number): Epoch[] {
  const random = randomStream(seed, "sample", 0, 0);
  return Array.from({ length: bestEpoch + patience }, (_, index) => {
    const epoch = index + 1;
    const fall = 1.4 * Math.exp((-4.2 * epoch) / bestEpoch);
    const noise = epoch === bestEpoch ? 0 : 0.002 + 0.035 * random.uniform();
    const rise = epoch > bestEpoch ? 0.012 * (epoch - bestEpoch) : 0;
    const validationLoss = epoch === bestEpoch ? best : best * (1.001 + fall + noise + rise);
    return { epoch, trainingLoss: best * (0.72 + fall * 1.1 + 0.02 * random.uniform()), validationLoss, learningRate: 0.001 };
  });
}

const fit = (seed: number, purpose: RunRequest["purpose"] = "fit"): RunRequest => ({ purpose, seed, fold: 0, learningRate: 0.001 });

function evidence(
  rule: string,
  scores: Evidence["scores"],
  comparisons: readonly Comparison[] = [],
  numbers: Evidence["numbers"] = {},
): Evidence {
  return { rule, scores, comparisons, numbers };
}

/** Trains a trial's run in steps of a few epochs. */
function train(trial: number, place: number, epochs: readonly Epoch[], a: number, diagnostics: Diagnostics | null = healthy(1)): Step[] {
  const pieces: Step[] = [(stage) => stage.startRun(trial, place)];
  for (let from = 0; from < epochs.length; from += a) pieces.push((stage) => stage.addEpochs(trial, place, epochs.slice(from, from + a)));
  pieces.push((stage) => stage.endRun(trial, place, diagnostics));
  return pieces;
}

const dying: Diagnostics = {
  layers: [0.62, 0.31, 0.12, 0.08].map((deadFraction, layer) => ({
    deadFraction,
    gradientNorm: 0.02 * 4 ** layer,
    updateRatio: 0.001,
    saturatedFraction: 0,
  })),
  symptoms: [{ symptom: "dying_units", sentence: "62 % of the first hidden layer never fires: try a lower learning rate or leaky relu." }],
};

function healthy(layers: number): Diagnostics {
  return {
    layers: Array.from({ length: Math.min(4, layers) }, (_, layer) => ({
      deadFraction: 0.04 * (layer + 1),
      gradientNorm: 0.3 / (layer + 1),
      updateRatio: 0.002,
      saturatedFraction: 0,
    })),
    symptoms: [],
  };
}

export interface Rung {
  readonly capacity: Capacity;
  readonly score: number;
  readonly bestEpoch: number;
}
/** The course's five rows. Scores are mean squared errors in the target's own unit. */
export const courseRungs: readonly Rung[] = [
  { capacity: { hiddenLayers: 1, nodesPerLayer: 100 }, score: 5.4, bestEpoch: 17 },
  { capacity: { hiddenLayers: 1, nodesPerLayer: 250 }, score: 4.8, bestEpoch: 15 },
  { capacity: { hiddenLayers: 2, nodesPerLayer: 250 }, score: 4.4, bestEpoch: 12 },
  { capacity: { hiddenLayers: 3, nodesPerLayer: 250 }, score: 4.5, bestEpoch: 9 },
  { capacity: { hiddenLayers: 3, nodesPerLayer: 200 }, score: 4.3, bestEpoch: 11 },
];
export const courseDeviation = 3;
const loss = (rung: Rung) => rung.score / courseDeviation ** 2;

/** The preset `course` on hourly wages: 5.4, 4.8, 4.4, 4.5, 4.3. */
export function courseStory(rungs: readonly Rung[] = courseRungs): Step[] {
  const steps: Step[] = [];
  const read = (...numbers: number[]) => numbers.map((trial) => ({ trial, score: loss(rungs[trial - 1] as Rung), runs: 1 }));
  const compared = (trial: number, against: number): Comparison => ({
    trial,
    against,
    difference: Math.log(loss(rungs[trial - 1] as Rung) / loss(rungs[against - 1] as Rung)),
    standardError: null,
    pairs: [],
    verdict: null,
    detectableGap: null,
  });
  const start = (about: number | null, nextStep: "INCREASE_CAPACITY" | "DECREASE_CAPACITY" | null, reason: string): Decision => {
    const capacity = (rungs[about ?? 0] as Rung).capacity;
    const against = about !== null && about > 1 ? [compared(about, about - 1)] : [];
    return {
      action: "START_TRIAL",
      about,
      nextStep,
      capacity,
      runs: [fit(0)],
      reason,
      evidence: evidence("course: strictly better", about === null ? [] : about > 1 ? read(about - 1, about) : read(about), against),
    };
  };
  const reasons = [
    "Start with the first rung of the course, 1×100.",
    "1×100 scored 5.4. The course widens first: try 1×250.",
    "1×250 scored 4.8, strictly better than 5.4, so a wider network helped. Add a layer: 2×250.",
    "2×250 scored 4.4, strictly better than 4.8. Add a layer: 3×250.",
    "3×250 scored 4.5, not better than 4.4: one layer more no longer helps. Step back once at this depth: 3×200.",
  ];
  for (const [index, rung] of rungs.entries()) {
    const next = index === 0 ? null : index === 4 ? "DECREASE_CAPACITY" : "INCREASE_CAPACITY";
    steps.push((stage) => stage.decide(start(index === 0 ? null : index, next, reasons[index] ?? "")));
    if (index === 0) steps.push((stage) => stage.state("RUNNING"));
    steps.push(...train(index + 1, 0, curve(loss(rung), rung.bestEpoch, 2, index + 1), 1, healthy(rung.capacity.hiddenLayers)));
    steps.push((stage) => stage.completeTrial(index + 1, null));
  }
  steps.push((stage) =>
    stage.decide({
      action: "FINISH",
      about: 5,
      winner: 5,
      verdict: "converged",
      reason: "3×200 scored 4.3, the best of all five. The one step back is done, so the search ends here.",
      evidence: evidence("course: one step back, then done", read(3, 4, 5), [compared(5, 3)]),
    }),
  );
  steps.push((stage) => stage.answer(answerOf(stage, 5, 4.3, 4.6, { linear: [4.9, 5.1], mean: [9.0, 9.2] })));
  return steps;
}

/** The course delivers the best run; the other search the mean of the best five. */
function delivered(stage: Stage, capacity: Capacity): Answer["delivered"] {
  const member = (trial: number, of: Capacity, seed: number) => ({ trial, capacity: of, seed, fold: 0, validationLoss: 0.33 });
  if (stage.experiment.preset === "course") return { kind: "single", members: [member(5, capacity, 0)] };
  const other = { hiddenLayers: 3, nodesPerLayer: 256 };
  return {
    kind: "mean_of_best",
    members: [member(2, capacity, 0), member(2, capacity, 2), member(2, capacity, 3), member(3, other, 0), member(3, other, 2)],
  };
}

function answerOf(
  stage: Stage,
  trial: number,
  validation: number,
  test: number,
  baselines: Record<"linear" | "mean", readonly [number, number]>,
) {
  const unit = stage.experiment.task === "classification" ? 1 : courseDeviation ** 2;
  const scores = (score: number) => ({ loss: score / unit, metrics: stage.metrics(score / unit) });
  const { hiddenLayers, nodesPerLayer } = stage.trial(trial);
  const capacity = { hiddenLayers, nodesPerLayer };
  const percent = Math.round(100 * (1 - validation / baselines.linear[0]));
  return {
    trial,
    capacity,
    validation: scores(validation),
    test: scores(test),
    delivered: delivered(stage, capacity),
    single: stage.experiment.preset === "course" ? null : { validation: scores(validation * 1.04), test: scores(test * 1.05) },
    baselines: (["mean", "linear"] as const).map((name) => ({
      name,
      validation: scores(baselines[name][0]),
      test: scores(baselines[name][1]),
    })),
    beatsMean: true,
    modelArtifact: "cd".repeat(32) as Answer["modelArtifact"],
    evaluationArtifact: "ef".repeat(32) as Answer["modelArtifact"],
    sentence: `${capacityText(capacity)} is the best size in the range explored: its error on the validation rows is ${percent} % below the linear model's.`,
  };
}

/** A search with replicates, a diverging rung, dying units and an undecided pair, on a classification table. */
export function replicatedStory(): Step[] {
  const steps: Step[] = [];
  const rungs: readonly { capacity: Capacity; losses: readonly number[]; verdict: string }[] = [
    { capacity: { hiddenLayers: 1, nodesPerLayer: 64 }, losses: [0.412, 0.431, 0.405], verdict: "worse" },
    { capacity: { hiddenLayers: 2, nodesPerLayer: 128 }, losses: [0.334, 0.342, 0.329, 0.338], verdict: "better" },
    { capacity: { hiddenLayers: 3, nodesPerLayer: 256 }, losses: [0.331, 0.351, 0.327], verdict: "undecided" },
    { capacity: { hiddenLayers: 4, nodesPerLayer: 512 }, losses: [0.389], verdict: "worse" },
    { capacity: { hiddenLayers: 1, nodesPerLayer: 256 }, losses: [0.371], verdict: "worse" },
    { capacity: { hiddenLayers: 3, nodesPerLayer: 16 }, losses: [0.455], verdict: "worse" },
  ];
  const reasons = [
    "Start at 1×64 with three fits, to learn how noisy this table is.",
    "A step up needs no proof: one layer more and twice the nodes.",
    "2×128 is 19 % better than 1×64. Climb on.",
    "3×256 looks level with 2×128 after one fit; climb once more.",
    "4×512 is 17 % worse. Probe a wide corner, 1×256.",
    "Probe a deep corner, 3×16.",
  ];
  for (const [index, rung] of rungs.entries()) {
    const number = index + 1;
    const first = index === 0 ? [fit(0), fit(1), fit(2)] : [fit(0)];
    steps.push((stage) =>
      stage.decide({
        action: "START_TRIAL",
        about: index === 0 ? null : index,
        nextStep: index === 0 ? null : index >= 4 ? "DECREASE_CAPACITY" : "INCREASE_CAPACITY",
        capacity: rung.capacity,
        runs: first,
        reason: reasons[index] ?? "",
        evidence: evidence("default: climb", []),
      }),
    );
    if (index === 0) steps.push((stage) => stage.state("RUNNING"));
    for (const [place] of first.entries()) {
      const epochs = curve(rung.losses[place] ?? 0.4, 40 - index * 4, 20, 10 * number + place);
      steps.push(...train(number, place, epochs, 6, index === 3 ? dying : healthy(rung.capacity.hiddenLayers)));
    }
    steps.push((stage) => stage.completeTrial(number, index === 0 ? null : rung.verdict));
  }
  for (const trial of [2, 3]) {
    const more = rungs[trial - 1]?.losses.slice(1) ?? [];
    steps.push((stage) =>
      stage.decide({
        action: "ADD_RUNS",
        trial,
        runs: more.map((_, place) => fit(place + 1, "finals")),
        reason: `Finals: ${more.length} more fits of ${capacityText((rungs[trial - 1] as { capacity: Capacity }).capacity)}, one of the two best, within the budget.`,
        evidence: evidence("default: finals", [], [], { budgetFraction: 0.75 }),
      }),
    );
    for (const [place, score] of more.entries()) steps.push(...train(trial, place + 1, curve(score, 30, 20, 100 * trial + place), 6));
    steps.push((stage) => stage.completeTrial(trial, trial === 2 ? "better" : "undecided"));
  }
  steps.push((stage) =>
    stage.decide({
      action: "FINISH",
      about: 6,
      winner: 2,
      verdict: "converged",
      reason: "2×128 and 3×256 can't be told apart with these runs; the cheaper one is the answer.",
      evidence: evidence(
        "default: best mean, cheaper within the band",
        [
          { trial: 2, score: 0.3358, runs: 4 },
          { trial: 3, score: 0.3363, runs: 3 },
        ],
        [{ trial: 3, against: 2, difference: 0.0016, standardError: 0.021, pairs: [], verdict: "undecided", detectableGap: 0.045 }],
        { bandFraction: 0.02, pooledDeviation: 0.028 },
      ),
    }),
  );
  steps.push((stage) => stage.answer(answerOf(stage, 2, 0.3358, 0.347, { linear: [0.452, 0.461], mean: [0.694, 0.692] })));
  return steps;
}

/** The course's learning rates, tried at two sizes: 1 diverges, 0.01 learns, 0.000001 hardly moves. */
export function sweepStory(): Step[] {
  const rates = [1, 0.01, 0.000001];
  const losses: readonly (readonly (number | null)[])[] = [
    [null, 0.52, 0.94],
    [null, 0.47, 0.91],
  ];
  return losses.flatMap((row, index): Step[] => {
    const number = index + 1;
    return [
      (stage) =>
        stage.decide({
          action: "START_TRIAL",
          about: index === 0 ? null : index,
          nextStep: index === 0 ? null : "INCREASE_CAPACITY",
          capacity: { hiddenLayers: number, nodesPerLayer: 100 },
          runs: rates.map((learningRate) => ({ purpose: "fit", seed: 0, fold: 0, learningRate })),
          reason: "Three learning rates at every size; the best of them stands for the trial.",
          evidence: evidence("course: strictly better", []),
        }),
      ...(index === 0 ? [(stage: Stage) => stage.state("RUNNING")] : []),
      ...row.flatMap((score, place): Step[] =>
        score === null
          ? [(stage) => stage.startRun(number, place), (stage) => stage.divergeRun(number, place)]
          : train(number, place, curve(score, 8 + 4 * place, 2, 7 * number + place), 4),
      ),
      (stage) => stage.completeTrial(number, null),
    ];
  });
}

/** A size whose learning rates are told apart by five epochs each, one of them diverging; the best is then trained in full. */
export function probeStory(): Step[] {
  const rates = [0.1, 0.01, 0.001];
  const start: Decision = {
    action: "START_TRIAL",
    about: null,
    nextStep: null,
    capacity: { hiddenLayers: 1, nodesPerLayer: 100 },
    runs: rates.map((learningRate) => ({ purpose: "probe", seed: 1000, fold: 0, learningRate, maxEpochs: 5 })),
    reason: "Start small, with 1×100.",
    evidence: evidence("course: strictly better", []),
  };
  const whole: Decision = {
    action: "ADD_RUNS",
    trial: 1,
    runs: [{ purpose: "fit", seed: 0, fold: 0, learningRate: 0.01 }],
    reason: "1×100 learned best at a rate of 0.01 within 5 epochs: fit it afresh at that rate.",
    evidence: evidence("course: strictly better", []),
  };
  return [
    (stage) => stage.decide(start),
    (stage) => stage.state("RUNNING"),
    (stage) => stage.startRun(1, 0),
    (stage) => stage.divergeRun(1, 0),
    ...train(1, 1, curve(0.7, 12, 0, 5).slice(0, 5), 5, dying),
    ...train(1, 2, curve(0.9, 30, 0, 6).slice(0, 5), 5, dying),
    (stage) => stage.decide(whole),
    ...train(1, 3, curve(0.4, 12, 2, 7), 4),
    (stage) => stage.completeTrial(1, null),
  ];
}
