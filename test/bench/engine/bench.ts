/**
 * bench:engine — CPU time per epoch against PyTorch, paired in one run on one thread each.
 * `--json` prints a summary as its last line; `--python PATH` (repeatable) names Pythons with torch, `--keras PATH` one with Keras on
 * TensorFlow; `--only TEXT` picks cases;
 * `--rounds N` (3) alternates the two sides N times.
 */
import { parseArgs } from "node:util";
import { createEngine } from "@rightsize/engine";
import { cases, jobOf, ourEpochs } from "./cases.ts";
import { type Peer, startPeer } from "./peer.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    python: { type: "string", multiple: true, default: ["/usr/bin/python3"] },
    keras: { type: "string", multiple: true, default: [] },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    fused: { type: "boolean", default: false },
  },
});

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
const geomean = (values: readonly number[]) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

async function main(): Promise<void> {
  const engine = await createEngine("onnx");
  const peers: { readonly name: string; readonly peer: Peer }[] = [];
  for (const python of options.python) {
    const peer = await startPeer(python);
    const { torch, blas, config } = await peer.describe();
    const capability = /CPU capability usage: (\S+)/.exec(config)?.[1] ?? "unknown";
    peers.push({ name: `PyTorch ${torch}, BLAS ${blas}, ${capability}`, peer });
  }
  for (const python of options.keras) {
    const peer = await startPeer(python, "keras_peer.py");
    peers.push({ name: (await peer.describe()).torch, peer });
  }
  console.log(`ours: ${engine.fingerprint}`);
  for (const { name } of peers) console.log(`peer: ${name}`);

  const results: { name: string; oursMs: number; peers: { peer: string; ms: number; ratioCpu: number }[] }[] = [];
  for (const one of cases.filter(({ name }) => name.includes(options.only))) {
    const job = jobOf(one);
    const ours: number[] = [];
    const theirs = peers.map(() => [] as number[]);
    for (const { peer } of peers) {
      await peer.setUp(one, options.fused);
      await peer.epochs(1);
    }
    for (let round = 0; round < Number(options.rounds); round++) {
      ours.push(...(await ourEpochs(engine, job, one.epochs)));
      for (const [index, { peer }] of peers.entries()) (theirs[index] as number[]).push(...(await peer.epochs(one.epochs)));
    }
    const oursMs = median(ours) * 1000;
    const compared = peers.map(({ name }, index) => {
      const ms = median(theirs[index] as number[]) * 1000;
      return { peer: name, ms, ratioCpu: ms / oursMs };
    });
    results.push({ name: one.name, oursMs, peers: compared });
    const text = compared.map(({ ms, ratioCpu }) => `${ms.toFixed(1)} ms, ratio ${ratioCpu.toFixed(2)}`).join(" | ");
    console.log(`${one.name.padEnd(32)} ours ${oursMs.toFixed(1)} ms | ${text}`);
  }
  for (const { peer } of peers) peer.close();
  await engine.close();

  const ratios = (index: number) => results.map((result) => result.peers[index]?.ratioCpu as number);
  const summary = peers.map(({ name }, index) => ({
    peer: name,
    geomeanRatioCpu: geomean(ratios(index)),
    worst: Math.min(...ratios(index)),
  }));
  for (const { peer, geomeanRatioCpu, worst } of summary)
    console.log(`${peer}: geometric mean ${geomeanRatioCpu.toFixed(2)}, worst ${worst.toFixed(2)}`);
  if (options.json) {
    const first = results.map(({ name, oursMs, peers: all }) => ({ name, oursMs, ratioCpu: all[0]?.ratioCpu }));
    console.log(JSON.stringify({ cases: first, geomeanRatioCpu: summary[0]?.geomeanRatioCpu, peers: summary, results }));
  }
}
await main();
