/** An experiment as the API shows it. */
import type { AnswerView, ExperimentView } from "@rightsize/contract";
import type { Answer, Experiment } from "@rightsize/core";

export function experimentView(experiment: Experiment): ExperimentView {
  const { spec, plan } = experiment;
  return {
    id: experiment.id,
    name: spec.name,
    state: experiment.state,
    stateReason: experiment.stateReason,
    dataset: spec.dataset,
    target: spec.target,
    task: spec.task,
    preset: spec.search.preset,
    engine: spec.engine.name,
    engineFingerprint: experiment.engineFingerprint,
    policyVersion: experiment.policyVersion,
    spec: { ...spec },
    plan: {
      inputs: plan.inputs,
      outputs: plan.outputs,
      trainingRows: plan.trainingRows,
      validationRows: plan.validationRows,
      testRows: plan.testRows,
      folds: plan.folds,
      leftOut: plan.leftOut.map((column) => ({ ...column })),
      featureColumns: [...plan.featureColumns],
      droppedRows: plan.droppedRows,
      classes: [...plan.classes],
      targetDeviation: plan.targetDeviation,
      // Plans stored before there were warnings have none.
      warnings: [...(plan.warnings ?? [])],
    },
    answer: experiment.answer === null ? null : answerView(experiment.answer),
    eventCount: experiment.eventCount,
    createdAt: experiment.createdAt,
    startedAt: experiment.startedAt,
    endedAt: experiment.endedAt,
  };
}

function answerView(answer: Answer): AnswerView {
  return {
    trial: answer.trial,
    capacity: answer.capacity === null ? null : { ...answer.capacity },
    validation: answer.validation,
    test: answer.test,
    delivered: {
      kind: answer.delivered.kind,
      members: answer.delivered.members.map((member) => ({ ...member, capacity: { ...member.capacity } })),
    },
    single: answer.single,
    baselines: answer.baselines.map((baseline) => ({ ...baseline })),
    beatsMean: answer.beatsMean,
    modelArtifact: answer.modelArtifact,
    evaluationArtifact: answer.evaluationArtifact ?? null,
    sentence: answer.sentence,
    ...(answer.verdict === undefined ? {} : { verdict: answer.verdict }),
  };
}
