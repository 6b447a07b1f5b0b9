/** What an experiment would take, and the smallest difference that its data can show: asked as the form changes, nothing is created. */
import type { EstimateRange, ExperimentEstimate, ExperimentRequest } from "@rightsize/contract";
import { capacityText } from "@rightsize/core";
import { api } from "../api-client.ts";
import { bytes, count, duration, plain } from "../format.ts";
import { type Resource, useResource } from "../use-resource.ts";
import { useSettled } from "../use-settled.ts";
import { Loading } from "./notes.tsx";

/** What the service says of a question as it stands, once it has rested: figures, or what is wrong with it. Without a question nothing. */
export function useEstimate(request: ExperimentRequest): Resource<ExperimentEstimate> {
  const text = useSettled(request.dataset === "" ? "" : JSON.stringify({ ...request, name: undefined }), 600);
  return useResource<ExperimentEstimate>(`estimate ${text}`, async (signal) =>
    text === "" ? null : api.estimate(JSON.parse(text) as ExperimentRequest, signal),
  );
}

/** `marked`: what is wrong stands at fields of the form already. */
export function Estimate({ estimate: { value, problem }, marked }: { estimate: Resource<ExperimentEstimate>; marked: boolean }) {
  return (
    <section className="estimate" aria-labelledby="estimate-title" aria-busy={value === null && problem === null}>
      <h2 id="estimate-title">What it would take</h2>
      {value === null && problem === null && <Loading lines={3} what="the estimate" />}
      {problem !== null && (
        <p className="warning" role="status">
          {marked ? "It can be told when the marked fields are changed." : problem.detail}
        </p>
      )}
      {value !== null && <Figures estimate={value} />}
    </section>
  );
}

const range = ({ low, expected, high }: EstimateRange, text: (value: number) => string) =>
  text(low) === text(high) ? text(expected) : `${text(expected)} (${text(low)} to ${text(high)})`;
const seconds = (value: number) => duration(value * 1000);
const percent = (value: number) => `${plain(Number((100 * value).toPrecision(2)))} %`;

function Figures({ estimate }: { estimate: ExperimentEstimate }) {
  const { capacity, parameterCount } = estimate.largestNetwork;
  const whole = (value: number) => count(Math.round(value));
  const facts = [
    ["Time to the answer", `${range(estimate.wallSeconds, seconds)} on ${estimate.slots === 1 ? "1 slot" : `${estimate.slots} slots`}`],
    ["Training in all", range(estimate.cpuSeconds, seconds)],
    ["Trials", range(estimate.trials, whole)],
    ["Runs", range(estimate.runs, whole)],
    ["Largest network", `${capacityText(capacity)}, ${count(parameterCount)} parameters`],
    ["Memory of a slot", bytes(estimate.memoryBytes.perSlot)],
    ["Smallest difference it can show", range(estimate.detectableGap.runs, percent)],
  ] as const;
  return (
    <>
      <p>{estimate.detectableGap.sentence}</p>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {estimate.warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      <details>
        <summary>Where these numbers come from</summary>
        <ul className="plain-list">
          {Object.entries(estimate.sources).map(([name, { sentence }]) => (
            <li key={name}>{sentence}</li>
          ))}
        </ul>
      </details>
    </>
  );
}
