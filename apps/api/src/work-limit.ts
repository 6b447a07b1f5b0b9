/** The most work that one training may be: parameters × training rows × epochs, checked when an experiment is admitted. */
import { capacityText, type ExperimentPlan, type ExperimentSpec, parameterCount, RightsizeError } from "@rightsize/core";
import { policyContext } from "@rightsize/orchestrator";
import { decide } from "@rightsize/policy";

/**
 * The spec with the parameter limit that keeps every training within `limit` (0 is none): the search then ends honestly where it
 * would go beyond. Refuses a question whose first network is beyond it, and one that asks for larger networks by name.
 */
export function withinWorkLimit(spec: ExperimentSpec, plan: ExperimentPlan, limit: number): ExperimentSpec {
  if (limit === 0) return spec;
  const { maxEpochs } = spec.recipe;
  const most = Math.floor(limit / (plan.trainingRows * maxEpochs));
  const refuse = (where: string, what: string, parameters: number): RightsizeError =>
    new RightsizeError("invalid_request", `${what} would be more work than this service accepts for one training.`, {
      issues: [
        {
          where,
          received: `${parameters} parameters × ${plan.trainingRows} training rows × ${maxEpochs} epochs = ${parameters * plan.trainingRows * maxEpochs}`,
          required: `at most ${limit}: here at most ${most} parameters, or fewer rows or epochs (/recipe/maxEpochs)`,
        },
      ],
    });
  const asked = spec.limits.maxParameterCount;
  if (asked !== null && asked > most) throw refuse("/limits/maxParameterCount", `A network of ${asked} parameters`, asked);
  const first = decide(policyContext(spec, plan), []);
  if (first.action === "START_TRIAL") {
    const parameters = parameterCount(plan.inputs, first.capacity, plan.outputs);
    if (parameters > most) throw refuse("/search/parameters", `The first network, ${capacityText(first.capacity)},`, parameters);
  }
  return { ...spec, limits: { ...spec.limits, maxParameterCount: asked ?? most } };
}
