/** The data process's supervision: deadlines, memory, crashes, and a fresh process for the next request. */
import { fileURLToPath } from "node:url";
import { type DataProcess, startDataProcess } from "@rightsize/api";
import type { RightsizeError } from "@rightsize/core";
import { afterEach, describe, expect, it } from "vitest";

const childPath = fileURLToPath(new URL("./played-child.mjs", import.meta.url));
let open: DataProcess | null = null;

function start(options: { timeoutMs?: number; memoryMegabytes?: number; maxWaiting?: number } = {}): DataProcess {
  const { timeoutMs = 5000, memoryMegabytes = 256, maxWaiting = 32 } = options;
  open = startDataProcess({ timeoutMs, memoryBytes: memoryMegabytes * 2 ** 20, maxWaiting, childPath, environment: { TZ: "UTC" } });
  return open;
}
const read = (data: DataProcess, name: string) => data.readTable({ path: "/nowhere", name, outputPath: "/nowhere/either", dialect: {} });
const refusal = async (work: Promise<unknown>): Promise<RightsizeError> => {
  const error = await work.then(
    () => null,
    (reason: RightsizeError) => reason,
  );
  if (error === null) throw new Error("nothing was refused");
  return error;
};

afterEach(async () => {
  await open?.close();
  open = null;
});

describe("the data process", () => {
  it("stays warm: the same process answers request after request", async () => {
    const data = start();
    const answers = await Promise.all(["one", "two", "three"].map((name) => read(data, name)));
    const processes = new Set(answers.map(({ format }) => format.split(" ").at(-1)));
    expect(processes.size).toBe(1);
    expect(data.startCount()).toBe(1);
  });

  it("hands on the errors of the data package as they were", async () => {
    const error = await refusal(read(start(), "refuse"));
    expect(error).toMatchObject({ code: "unreadable_data", message: "Row 3 is short.", issues: [{ where: "row 3" }] });
  });

  it("gets none of the service's environment but what it is given", async () => {
    process.env.SECRET = "postgres://password";
    expect(await read(start(), "environment")).toMatchObject({ secret: "none" });
    delete process.env.SECRET;
  });

  it("is replaced after a crash; the request under way fails, those that wait don't", async () => {
    const data = start();
    const [crashed, next] = [refusal(read(data, "crash")), read(data, "next")];
    expect(await crashed).toMatchObject({ code: "internal" });
    expect((await next).format).toMatch(/^read next/);
    expect(data.startCount()).toBe(2);
  });

  it.each(["hang", "spin"])("is ended at its deadline when a request makes it %s", async (name) => {
    const data = start({ timeoutMs: 1500 });
    await read(data, "warm up");
    expect(await refusal(read(data, name))).toMatchObject({ code: "too_large", message: expect.stringMatching(/longer than 1.5 s/) });
    expect((await read(data, "next")).format).toMatch(/^read next/);
  });

  it.each(["heap", "native"])("is ended when it takes more %s memory than it may", async (name) => {
    const data = start({ timeoutMs: 20_000, memoryMegabytes: 200 });
    expect(await refusal(read(data, name))).toMatchObject({
      code: "too_large",
      message: expect.stringMatching(/more memory than the 200 MB/),
    });
    expect((await read(data, "next")).format).toMatch(/^read next/);
  });

  it("that can't start says so to whoever waits, and isn't started over and over", async () => {
    open = startDataProcess({ timeoutMs: 300, memoryBytes: 2 ** 28, childPath: "/nowhere/child.mjs" });
    expect(await refusal(read(open, "first"))).toMatchObject({ code: "internal" });
    expect(open.startCount()).toBeLessThanOrEqual(2);
  });

  it("refuses what would wait behind too many others", async () => {
    const data = start({ timeoutMs: 1500, maxWaiting: 1 });
    await read(data, "warm up");
    const first = refusal(read(data, "hang"));
    const second = read(data, "second");
    expect(await refusal(read(data, "third"))).toMatchObject({ code: "unavailable" });
    await first;
    expect((await second).format).toMatch(/^read second/);
  });

  it("ends at once when it is closed, and says so to whoever waits", async () => {
    const data = start();
    const waiting = [refusal(read(data, "hang")), refusal(read(data, "behind"))];
    await data.close();
    for (const error of await Promise.all(waiting)) expect(error.code).toBe("unavailable");
    expect(await refusal(read(data, "late"))).toMatchObject({ code: "unavailable" });
  });
});
