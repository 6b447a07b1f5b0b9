/** Patience with an artifact store that is away: it waits for as long as it may, and for nothing else. */
import { type ArtifactStore, RightsizeError, type Sha256 } from "@rightsize/core";
import { expect, test } from "vitest";
import { patientArtifacts } from "../src/patient-artifacts.ts";

const id = "a".repeat(64) as Sha256;

/** Fails so many times with this code, then puts. */
function failing(times: number, code: "unavailable" | "too_large") {
  let tries = 0;
  const put = async () => {
    tries += 1;
    if (tries <= times) throw new RightsizeError(code, "the disk is full");
    return { id, sizeBytes: 1 };
  };
  return { artifacts: { put } as unknown as ArtifactStore, tries: () => tries };
}

test("a disk that is full for a while costs time, and no run", async () => {
  const { artifacts, tries } = failing(3, "unavailable");
  const patient = patientArtifacts(artifacts, { retryMs: 1, forMs: 60_000, now: () => 0 });
  expect(await patient.put(new Uint8Array(1))).toEqual({ id, sizeBytes: 1 });
  expect(tries()).toBe(4);
});

test("a disk that stays full is told when the patience is over", async () => {
  let nowMs = 0;
  const { artifacts } = failing(1000, "unavailable");
  const patient = patientArtifacts(artifacts, { retryMs: 1, forMs: 5, now: () => nowMs++ });
  await expect(patient.put(new Uint8Array(1))).rejects.toThrow("the disk is full");
});

test("an error that waiting can't help is told at once", async () => {
  const { artifacts, tries } = failing(1, "too_large");
  const patient = patientArtifacts(artifacts, { retryMs: 1, forMs: 60_000, now: () => 0 });
  await expect(patient.put(new Uint8Array(1))).rejects.toThrow("the disk is full");
  expect(tries()).toBe(1);
});
