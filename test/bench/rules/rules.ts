/** The rules on trial: the presets as they ship, and the variants whose cost and regret show the frontier. */
import type { Rule } from "./replay.ts";

/** The linear model is switched off: the landscapes begin at one hidden layer. */
const measured = (name: string, parameters: Readonly<Record<string, unknown>>): Rule => ({
  name,
  preset: "default",
  parameters: { linear: false, ...parameters },
});
const bothProbes = [
  { hiddenLayers: 3, nodesPerLayer: 16 },
  { hiddenLayers: 1, nodesPerLayer: 256 },
];
/** The rule that the default was developed from: no guided steps, two probes, three fits at the start, larger finals. */
const before = {
  startFits: 3,
  leastGain: 0,
  probes: bothProbes,
  noise: { deviation: 0.1 },
  explore: { trials: 0 },
  finals: { budget: 0.75, trials: 4, drop: 0.15 },
};

/** The presets as they ship; the course within the landscapes' four layers. */
export const shipped: readonly Rule[] = [
  { name: "course", preset: "course", parameters: { layerCeiling: 4 } },
  measured("default", {}),
  { name: "grid", preset: "grid", parameters: {} },
  { name: "random, 12 trials", preset: "random", parameters: {} },
];

/** What else was tried. */
export const variants: readonly Rule[] = [
  measured("before: no guided steps", before),
  measured("before, no probes", { ...before, probes: [] }),
  measured("before, finals .35", { ...before, finals: { budget: 0.35, trials: 3, drop: 0.2 } }),
  measured("before, start once, s0 5 %", { ...before, startFits: 1, noise: { deviation: 0.05 }, finals: { budget: 0.5 } }),
  measured("no finals", { finals: { budget: 0 } }),
  measured("no guided steps", { explore: { trials: 0 } }),
  measured("no probe", { probes: [] }),
  measured("both probes", { probes: bothProbes }),
  measured("start once", { startFits: 1 }),
  measured("start three times", { startFits: 3 }),
  measured("guided 2", { explore: { trials: 2 } }),
  measured("guided 6 for 2 %", { explore: { trials: 6, leastGain: 0.02 } }),
  measured("guided for 4 %", { explore: { leastGain: 0.04 } }),
  measured("s0 3 %", { noise: { deviation: 0.03 } }),
  measured("s0 10 %", { noise: { deviation: 0.1 } }),
  measured("finals .5", { finals: { budget: 0.5 } }),
  measured("finals 1, 5 trials, drop .1", { finals: { budget: 1, trials: 5, drop: 0.1 } }),
  measured("never the cheaper", { preferCheaper: false }),
  measured("climb for any gain", { leastGain: 0 }),
  measured("climb for 1 %", { leastGain: 0.01 }),
  measured("climb for 4 %", { leastGain: 0.04 }),
];
