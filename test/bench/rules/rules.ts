/** The rules on trial: the presets as they ship, and the variants whose cost and regret show the frontier. */
import type { Rule } from "./replay.ts";

/** The linear model is switched off: the landscapes begin at one hidden layer. */
const measured = (name: string, parameters: Readonly<Record<string, unknown>>): Rule => ({
  name,
  preset: "default",
  parameters: { linear: false, ...parameters },
});

/** The presets as they ship; the course within the landscapes' four layers. The grid several times shows the noise floor. */
export const shipped: readonly Rule[] = [
  { name: "course", preset: "course", parameters: { layerCeiling: 4 } },
  measured("default", {}),
  { name: "random, 12 trials", preset: "random", parameters: {} },
  { name: "grid", preset: "grid", parameters: {} },
  { name: "grid, 2 fits each", preset: "grid", parameters: { fits: 2 } },
  { name: "grid, 5 fits each", preset: "grid", parameters: { fits: 5 } },
  { name: "grid, 20 fits each", preset: "grid", parameters: { fits: 20 } },
];

/** What else was tried. */
export const variants: readonly Rule[] = [
  measured("climb and probe alone", { explore: { fits: 0 } }),
  measured("new sizes alone, no second fit", { explore: { fitsOfOne: 1 } }),
  measured("the answer not confirmed", { explore: { leastFits: 1 } }),
  measured("no probe", { probes: [] }),
  measured("no climb", { step: { most: 0 } }),
  measured("climb to the ceiling", { step: { most: 9 } }),
  measured("climb for any gain", { leastGain: 0 }),
  measured("start twice", { startFits: 2 }),
  measured("never the cheaper", { cheaperWithin: 0 }),
  measured("the cheaper within 1 %", { cheaperWithin: 0.01 }),
  measured("s0 3 %", { noise: { deviation: 0.03 } }),
  measured("s0 7 %", { noise: { deviation: 0.07 } }),
  measured("s0 10 %", { noise: { deviation: 0.1 } }),
  measured("least gain .1 %", { explore: { leastGain: 0.001 } }),
  measured("least gain .2 %", { explore: { leastGain: 0.002 } }),
  measured("least gain .5 %", { explore: { leastGain: 0.005 } }),
  ...[0.04, 0.08, 0.15, 0.25].map((gainForWork) =>
    measured(`gain for work ${Math.round(100 * gainForWork)} %`, { explore: { gainForWork } }),
  ),
  measured("any reach", { explore: { reach: 1e9 } }),
];
