/** The workers: which machines train, with what, and what each is doing. */
import type { WorkerView } from "@rightsize/contract";
import { capacityText } from "@rightsize/core";
import { useState } from "react";
import { api } from "../api-client.ts";
import { LiveMark } from "../components/live-mark.tsx";
import { EmptyNote, Loading, ProblemNote } from "../components/notes.tsx";
import { ago, bytes, counted, duration, plain } from "../format.ts";
import { Link } from "../router.tsx";
import { useNow } from "../use-now.ts";
import { usePageTitle } from "../use-page-title.ts";
import { useResource } from "../use-resource.ts";
import { useServiceStream } from "../use-service-stream.ts";

export function WorkersPage() {
  usePageTitle("Workers");
  const read = useResource("workers", (signal) => api.workers(signal));
  const [told, setTold] = useState<readonly WorkerView[] | null>(null);
  const connection = useServiceStream("workers", { onWorkers: setTold, onRefused: read.reload });
  const now = useNow(true, 1_000);
  const value = told ?? read.value?.workers ?? null;
  const workers = [...(value ?? [])].sort((a, b) => Number(b.live) - Number(a.live) || a.machine.localeCompare(b.machine));
  const live = workers.filter((worker) => worker.live);
  const slots = live.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = live.reduce((sum, worker) => sum + worker.running.length, 0);
  return (
    <>
      <header className="page-head">
        <div className="title-line">
          <h1>Workers</h1>
          <LiveMark connection={connection} />
        </div>
        {value !== null && live.length > 0 && (
          <p className="question quiet">
            {counted(live.length, "worker")} with {counted(slots, "slot")}, {busy} of them training.
          </p>
        )}
      </header>
      {read.problem !== null && (told === null || connection === "refused") && <ProblemNote problem={read.problem} onRetry={read.reload} />}
      {value === null && read.problem === null && <Loading what="the workers" />}
      {value !== null && workers.length === 0 && (
        <EmptyNote title="No worker is here">
          <p>
            Experiments wait until one comes. Start one on this machine with <code>npm start</code>, or add other machines as the README
            shows.
          </p>
        </EmptyNote>
      )}
      {workers.length > 0 && (
        <ul className="worker-list">
          {workers.map((worker) => (
            <WorkerItem key={worker.id} worker={worker} now={now} />
          ))}
        </ul>
      )}
    </>
  );
}

function WorkerItem({ worker, now }: { worker: WorkerView; now: number }) {
  return (
    <li className="worker" data-live={worker.live}>
      <div className="worker-head">
        <h2>{worker.machine}</h2>
        <span className="state-mark" data-state={worker.live ? (worker.running.length > 0 ? "RUNNING" : "SUCCEEDED") : "CANCELLED"}>
          <i aria-hidden="true" />
          {worker.live ? (worker.running.length > 0 ? "Training" : "Idle") : "Gone"}
        </span>
        <span className="quiet">seen {ago(Date.parse(worker.lastSeenAt), now)}</span>
      </div>
      <dl className="facts">
        <Fact name="Device" value={worker.device} />
        <Fact name="Engines" value={worker.engines.join(", ")} />
        {worker.recent !== undefined && <Fact name={`Last ${worker.recent.minutes} minutes`} value={throughput(worker.recent)} />}
        <Fact name="Memory" value={bytes(worker.memoryBytes)} />
        <Fact name="Up" value={worker.live ? duration(now - Date.parse(worker.startedAt)) : "–"} />
        <Fact name="Process" value={String(worker.processId)} />
      </dl>
      <p className="slots" hidden={!worker.live}>
        <span className="visually-hidden">
          {worker.running.length} of {worker.slots} slots training
        </span>
        {Array.from({ length: Math.max(worker.slots, worker.running.length) }, (_, slot) => slot).map((slot) => (
          <Slot key={slot} busy={slot < worker.running.length} doing={worker.doing?.[slot]} />
        ))}
      </p>
      <p className="fingerprint quiet">{worker.fingerprint}</p>
    </li>
  );
}

/** What a slot is at: the network and its experiment, where they may be told. */
function Slot({ busy, doing }: { busy: boolean; doing: NonNullable<WorkerView["doing"]>[number] | undefined }) {
  if (doing === undefined)
    return (
      <span className="slot" data-busy={busy} aria-hidden="true">
        {busy ? "training" : "idle"}
      </span>
    );
  return (
    <Link className="slot" data-busy="true" href={`/experiments/${doing.experimentId}`} title={doing.name}>
      <b>{capacityText(doing.capacity)}</b> {doing.name}
    </Link>
  );
}

function throughput({ runs, epochsPerSecond }: NonNullable<WorkerView["recent"]>): string {
  if (runs === 0) return "nothing trained";
  return `${counted(runs, "run")}${epochsPerSecond === null ? "" : `, ${plain(Number(epochsPerSecond.toPrecision(2)))} epochs a second`}`;
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
