/** Takes the pictures of every state of the page: `npx tsx --conditions=source test/browser/support/take-screenshots.ts FOLDER`. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { ensurePageIsBuilt } from "./build-page.ts";
import { digits, titanic, wages } from "./datasets.ts";
import { type MockService, problem, startMockService, worker } from "./mock-service.ts";
import { courseStory, replicatedStory, sweepStory } from "./stories.ts";

const folder = process.argv[2] ?? "screenshots";
/** Only pictures whose name holds this, and of those only the part that this selects. */
const only = process.argv[3];
const part = process.argv[4];

async function shoot(
  browser: Browser,
  url: string,
  name: string,
  options: { dark?: boolean; phone?: boolean; open?: boolean; prepare?: (page: import("playwright-core").Page) => Promise<void> } = {},
) {
  if (only !== undefined && !name.includes(only)) return;
  const page = await browser.newPage({
    viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: 860 },
    colorScheme: options.dark ? "dark" : "light",
    deviceScaleFactor: 1.5,
  });
  page.on("console", (message) => message.type() === "error" && console.error(name, message.text()));
  page.on("pageerror", (error) => console.error(name, error.message));
  await page.goto(url);
  await page.waitForSelector("h1, .note");
  await page.evaluate(() => document.fonts.ready);
  if (options.open) await page.getByRole("button", { name: "Show all reasons" }).click();
  await options.prepare?.(page);
  await page.waitForTimeout(400);
  const path = join(folder, `${name}.png`);
  if (part === undefined) await page.screenshot({ path, fullPage: true });
  else await page.locator(part).first().screenshot({ path });
  await page.close();
}

function fill(service: MockService) {
  const day = 86_400_000;
  const replicated = service.add("Who survived the Titanic?", replicatedStory(), {
    dataset: titanic,
    preset: "default",
    startedMs: Date.now() - 2 * day,
  });
  service.step(replicated, 10_000);
  const failed = service.add("Wages with a broken trainer", courseStory(), { startedMs: Date.now() - day });
  service.step(failed, 30);
  failed.stage.state("FAILED", "The trainer of trial 2 crashed five times: out of memory. The best so far is 1×100.");
  const done = service.add("Hourly wages, as in the course", courseStory(), { startedMs: Date.now() - 7_200_000 });
  service.step(done, 10_000);
  const sweep = service.add("Learning rates compared", sweepStory(), { startedMs: Date.now() - day / 3 });
  service.step(sweep, 10_000);
  const running = service.add("Hourly wages again", courseStory());
  service.step(running, 52);
  return { replicated, failed, done, running, sweep };
}

await ensurePageIsBuilt();
mkdirSync(folder, { recursive: true });
const browser = await launchBrowser();
const service = await startMockService();
const empty = await startMockService();
empty.datasets.length = 0;
const { replicated, failed, done, running, sweep } = fill(service);
service.workers.push(
  worker("atelier", {
    running: ["asg_51f0aa12bc", "asg_77a1d0e94f"],
    doing: [
      { experimentId: running.stage.experiment.id, name: "Hourly wages again", capacity: { hiddenLayers: 2, nodesPerLayer: 250 } },
      { experimentId: sweep.stage.experiment.id, name: "Learning rates compared", capacity: { hiddenLayers: 2, nodesPerLayer: 100 } },
    ],
  }),
  worker("gpu-room-3", { device: "cuda, 24 GB", slots: 2, engines: ["onnx", "tensorflow"] }),
  worker("laptop", { live: false, lastSeenAt: new Date(Date.now() - 900_000).toISOString(), slots: 2 }),
);
const at = (play: typeof done) => `${service.url}/experiments/${play.stage.experiment.id}`;
await shoot(browser, service.url, "list-light");
await shoot(browser, service.url, "list-dark", { dark: true });
await shoot(browser, service.url, "list-phone", { phone: true });
await shoot(browser, empty.url, "list-empty");
await shoot(browser, at(done), "done-light");
await shoot(browser, at(done), "done-dark", { dark: true });
await shoot(browser, at(done), "done-phone", { phone: true });
await shoot(browser, at(done), "reasons-light", { open: true });
await shoot(browser, at(done), "reasons-phone", { open: true, phone: true });
await shoot(browser, at(replicated), "replicated-light", { open: true });
await shoot(browser, at(replicated), "replicated-dark", { dark: true });
await shoot(browser, at(running), "running-light");
await shoot(browser, at(running), "running-dark", { dark: true });
await shoot(browser, at(running), "running-phone", { phone: true });
await shoot(browser, at(sweep), "sweep-light");
const unfoldWork = async (page: import("playwright-core").Page) => {
  await page.getByText("Timeline of workers").click();
  await page.getByText("Log", { exact: true }).click();
  await page.getByText("attempts in").waitFor();
};
await shoot(browser, at(replicated), "timeline-dark", { dark: true, prepare: unfoldWork });
const digitsPlay = service.add("Which digit is it?", replicatedStory(), { dataset: digits, preset: "default" });
service.step(digitsPlay, 10_000);
const takeMistake = async (page: import("playwright-core").Page) => {
  await page.getByRole("button", { name: /^Row 19:/ }).click();
  await page.getByText("It takes this for").waitFor();
};
await shoot(browser, at(digitsPlay), "digits-light", { prepare: takeMistake });
await shoot(browser, at(digitsPlay), "digits-phone-dark", { prepare: takeMistake, phone: true, dark: true });
const whatIf = async (page: import("playwright-core").Page) => {
  const panel = page.getByRole("region", { name: "What if…" });
  await panel.getByLabel("Search").selectOption("course");
  await panel.getByRole("button", { name: "Tell the table again" }).click();
  await page.getByText("that nobody trained").waitFor();
  await page.getByText("Take the model home").click();
  await page.getByText("import onnxruntime").waitFor();
};
await shoot(browser, at(replicated), "explore-light", { prepare: whatIf });
await shoot(browser, at(replicated), "explore-phone-dark", { prepare: whatIf, phone: true, dark: true });
await shoot(browser, at(failed), "failed-light");
await shoot(browser, `${service.url}/experiments/exp_none`, "error-light");
await shoot(browser, `${service.url}/workers`, "workers-light");
await shoot(browser, `${empty.url}/workers`, "workers-empty", { dark: true });
await shoot(browser, `${service.url}/datasets`, "datasets-light");
await shoot(browser, `${service.url}/datasets/${titanic.id}`, "dataset-light");
await shoot(browser, `${service.url}/datasets/${wages.id}`, "dataset-phone", { phone: true, dark: true });
await shoot(browser, `${service.url}/new?dataset=${wages.id}`, "new-light");
await shoot(browser, `${service.url}/new?from=${done.stage.experiment.id}`, "new-phone-dark", { phone: true, dark: true });
service.failing.set(
  "/v1/workers",
  problem(503, "unavailable", "A part of the service can't be reached", "Postgres doesn't answer.", "Try again in a moment."),
);
await shoot(browser, `${service.url}/workers`, "workers-error-dark", { dark: true });
await browser.close();
await service.close();
await empty.close();
