/** The delivered model as one zip file to take home; equal questions with equal outcomes give equal bytes. */
import type { TrainingWork } from "@rightsize/core";
import { buildDeliveredModel, bundleNames, layersModel, writeBundle } from "@rightsize/engine";
import type { MemberModel } from "../delivered-model.ts";
import { type CardAnswer, cardJson, cardMarkdown, modelCard, type Versions } from "./model-card.ts";
import { layersFolder, pipelineSchema, pipelineText } from "./pipeline.ts";
import { readmeText } from "./readme.ts";

export function modelBundle(work: TrainingWork, models: readonly MemberModel[], answer: CardAnswer, versions: Versions): Uint8Array {
  const [first] = models;
  if (first === undefined) throw new RangeError("a bundle holds at least one network");
  const { plan } = first.prepared;
  const networks = models.map(({ network, weights, member }) => ({ network, weights, fold: member.fold }));
  const card = modelCard(work, answer, versions);
  const files = new Map<string, Uint8Array | string>([
    [bundleNames.model, buildDeliveredModel(plan, networks)],
    [bundleNames.pipeline, pipelineText(models)],
    ["model-card.json", cardJson(card)],
    ["model-card.md", cardMarkdown(card, work)],
    [
      "README.md",
      readmeText({
        name: work.spec.name,
        sentence: answer.sentence,
        schema: pipelineSchema(models),
        columns: plan.folds[first.member.fold]?.columns ?? [],
        memberCount: models.length,
      }),
    ],
  ]);
  networks.forEach(({ network, weights }, index) => {
    const folder = layersFolder(index, networks);
    const layers = layersModel(network, weights);
    files.set(`${folder}/model.json`, layers.json);
    files.set(`${folder}/weights.bin`, layers.weights);
  });
  return writeBundle(files);
}
