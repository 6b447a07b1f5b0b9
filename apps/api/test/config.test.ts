/** The configuration: defaults, limits, and errors that name the variable and never its value. */

import { ConfigurationError, isLoopback, readConfig } from "@rightsize/api";
import { describe, expect, it } from "vitest";

const base = { DATABASE_URL: "postgresql://rightsize:secret@127.0.0.1:5432/rightsize" };

describe("the configuration", () => {
  it("needs only a database, and listens on loopback port 7421 with the onnx engine", () => {
    const config = readConfig(base);
    expect(config).toMatchObject({ host: "127.0.0.1", port: 7421, engines: ["onnx"], redisUrl: null, requestsPerMinute: 0 });
    expect(config.artifactsFolder).toMatch(/artifacts$/);
    expect(config.uploadsFolder).toBe(config.artifactsFolder.replace(/artifacts$/, "uploads"));
  });

  it("takes an empty variable as one that isn't set", () => {
    expect(readConfig({ ...base, RIGHTSIZE_PORT: "", REDIS_URL: "" })).toMatchObject({ port: 7421, redisUrl: null });
  });

  it("reads a list of engines", () => {
    expect(readConfig({ ...base, RIGHTSIZE_ENGINES: "onnx, scripted" }).engines).toEqual(["onnx", "scripted"]);
  });

  it.each([
    ["DATABASE_URL", {}, "it must be set"],
    ["DATABASE_URL", { DATABASE_URL: "mysql://root:hunter2@db" }, "Postgres URL"],
    ["RIGHTSIZE_PORT", { ...base, RIGHTSIZE_PORT: "70000" }, "at most 65535"],
    ["RIGHTSIZE_PORT", { ...base, RIGHTSIZE_PORT: "http" }, "a whole number"],
    ["RIGHTSIZE_ENGINES", { ...base, RIGHTSIZE_ENGINES: "onnx,abacus" }, "onnx"],
    ["RIGHTSIZE_REQUIRE_KEYS", { ...base, RIGHTSIZE_REQUIRE_KEYS: "yes" }, "true or false"],
    ["RIGHTSIZE_TRAINING_WORK", { ...base, RIGHTSIZE_TRAINING_WORK: "-1" }, "a number"],
    ["RIGHTSIZE_LOG", { ...base, RIGHTSIZE_LOG: "loud" }, "info"],
  ])("refuses a wrong %s, and says why", (name, environment, why) => {
    const refusal = catching(() => readConfig(environment));
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect(refusal.message).toContain(name);
    expect(refusal.message).toContain(why);
    expect(refusal.message).not.toContain("hunter2");
  });

  it.each(["localhost", "::1", "127.0.0.5", "0.0.0.0"])(
    "listens on %s (whether it may without keys, only the database can tell)",
    (host) => {
      expect(readConfig({ ...base, RIGHTSIZE_HOST: host }).host).toBe(host);
    },
  );

  it.each([
    ["localhost", true],
    ["::1", true],
    ["127.0.0.5", true],
    ["0.0.0.0", false],
    ["192.168.1.20", false],
    ["::", false],
    ["example.org", false],
    ["127.0.0.1.example.org", false],
  ])("knows of %s whether only this machine reaches it: %s", (host, loopback) => {
    expect(isLoopback(host)).toBe(loopback);
  });

  it("reads limits, and whether keys are needed from the start", () => {
    const given = { RIGHTSIZE_REQUIRE_KEYS: "true", RIGHTSIZE_OPEN_EXPERIMENTS: "20", RIGHTSIZE_TRAINING_WORK: "1e14" };
    expect(readConfig({ ...base, ...given })).toMatchObject({ requireKeys: true, openExperiments: 20, trainingWork: 1e14 });
    expect(readConfig(base)).toMatchObject({ requireKeys: false, openExperiments: 0, trainingWork: 0 });
  });

  it("reads the limits on data; those that aren't set are left to the data package", () => {
    const given = { RIGHTSIZE_UPLOAD_MB: "3", RIGHTSIZE_DATA_MEMORY_MB: "1000", RIGHTSIZE_DATA_ROWS: "5", RIGHTSIZE_DATA_TENSORS_MB: "2" };
    expect(readConfig({ ...base, ...given }).dataLimits).toEqual({
      maxFileBytes: 3 * 2 ** 20,
      maxReadingMemoryBytes: 500 * 2 ** 20,
      maxRowCount: 5,
      maxTensorBytes: 2 * 2 ** 20,
    });
    expect(Object.keys(readConfig(base).dataLimits)).toEqual(["maxFileBytes", "maxReadingMemoryBytes"]);
  });
});

function catching(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was refused");
}
