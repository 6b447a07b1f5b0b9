/** The configuration: defaults, limits, and errors that name the variable and never its value. */

import { ConfigurationError, readConfig } from "@rightsize/api";
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
    ["RIGHTSIZE_LOG", { ...base, RIGHTSIZE_LOG: "loud" }, "info"],
  ])("refuses a wrong %s, and says why", (name, environment, why) => {
    const refusal = catching(() => readConfig(environment));
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect(refusal.message).toContain(name);
    expect(refusal.message).toContain(why);
    expect(refusal.message).not.toContain("hunter2");
  });

  it.each(["0.0.0.0", "192.168.1.20", "::", "example.org"])("refuses to listen on %s without keys", (host) => {
    expect(catching(() => readConfig({ ...base, RIGHTSIZE_HOST: host })).message).toMatch(/without keys/);
  });

  it.each(["localhost", "::1", "127.0.0.5"])("listens on %s", (host) => {
    expect(readConfig({ ...base, RIGHTSIZE_HOST: host }).host).toBe(host);
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
