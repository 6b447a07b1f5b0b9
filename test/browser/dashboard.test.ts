/** An experiment's page and the form for a new one in headless Chromium, against recorded experiments: live, resumable, readable. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { titanic, wages } from "./support/datasets.ts";
import type { MockService, Play } from "./support/mock-service.ts";
import { describePage } from "./support/mocked-page.ts";
import { readTrials } from "./support/page-helpers.ts";
import { courseStory, probeStory, replicatedStory, sweepStory } from "./support/stories.ts";

const courseTable = [
  ["1", "100", "5.4", "Increase capacity"],
  ["1", "250", "4.8", "Increase capacity"],
  ["2", "250", "4.4", "Increase capacity"],
  ["3", "250", "4.5", "Decrease capacity"],
  ["3", "200", "4.3", "Done"],
];

describePage("the dashboard", (beforeEachTest) => {
  let service: MockService;
  let page: Page;

  beforeEachTest((itsService, itsPage) => {
    service = itsService;
    page = itsPage;
  });
  const open = async (play: Play) => {
    await page.goto(`${service.url}/experiments/${play.stage.experiment.id}`);
    await page.getByRole("heading", { level: 1, name: play.stage.experiment.name }).waitFor();
  };
  const runningRow = (text: string) => page.locator(".progress", { hasText: text });
  const started = (steps: number) => {
    const play = service.add("Hourly wages", courseStory());
    service.step(play, steps);
    return play;
  };

  it("shows the course's table exactly, with the answer and its baselines", async () => {
    await open(started(10_000));
    expect(await page.locator(".trial-table > thead th").allTextContents()).toEqual([
      "Trial",
      "Hidden layers",
      "Nodes per layer",
      "Mean squared error",
      "Next step",
      "Parameters",
      "Score",
      "Time",
    ]);
    expect(await readTrials(page)).toEqual(courseTable);
    const answer = page.getByRole("region", { name: "The answer" });
    expect(await answer.textContent()).toContain("3×200");
    for (const name of ["Network 3×200", "Linear model", "Mean predictor"])
      expect(await answer.getByRole("rowheader", { name }).count()).toBe(1);
    expect(service.streamsOpened, "a finished experiment needs no stream").toEqual([]);
  });

  it("fills live from the first event to the answer, and asks again only for what changed", async () => {
    const play = started(0);
    await open(play);
    await page.getByText("No trial yet").waitFor();
    await page.locator('[data-connection="open"]').waitFor();
    service.step(play, 3); // decision, running, run started
    await runningRow("epoch 0").waitFor();
    const before = service.asked.length;
    service.step(play, 7);
    await runningRow("epoch 7").waitFor();
    expect(service.asked.slice(before), "epochs come over the stream alone").toEqual([]);
    expect(Number(await page.locator(".live-score").textContent())).toBeGreaterThan(5.4);
    await service.playAll(play, 5);
    await page.getByRole("region", { name: "The answer" }).waitFor();
    await expect.poll(() => readTrials(page)).toEqual(courseTable);
    expect(service.streamsOpened).toHaveLength(1);
    expect(service.asked.filter((path) => path.endsWith("/decisions")).length).toBeLessThan(20);
  });

  it("misses nothing when the connection breaks in the middle of a message", async () => {
    const play = started(30);
    const known = play.stage.events.length;
    await open(play);
    await page.locator('[data-connection="open"]').waitFor();
    service.step(play, 2);
    service.cut();
    await page.getByText("connection lost").waitFor();
    service.step(play, 40); // two trials end and a third starts while nobody listens
    const { events } = play.stage;
    service.mend();
    await page.locator('[data-connection="open"]').waitFor();
    await expect.poll(async () => (await readTrials(page)).length).toBe(play.stage.trials.length);
    const resumedFrom = Number(service.streamsOpened.at(-1));
    expect(resumedFrom).toBeGreaterThan(0);
    expect(resumedFrom).toBeLessThan(events.length);
    const running = play.stage.trials.flatMap((trial) => trial.runs).find((run) => run.state === "RUNNING");
    await runningRow(`epoch ${running?.epochs}`).waitFor();
    await page.getByText("Events since").click();
    const shown = await page.locator(".events li").evaluateAll((items) => items.map((item) => (item as HTMLLIElement).value));
    expect(shown.reverse(), "every event since the page was opened").toEqual(events.slice(known).map((event) => event.sequence));
    await service.playAll(play);
    await expect.poll(() => readTrials(page)).toEqual(courseTable);
  });

  it("unfolds each decision with its reason and evidence under its row", async () => {
    await open(started(10_000));
    const fourth = page.getByRole("button", { name: "Trial 4: why, and its runs" });
    expect(await fourth.getAttribute("aria-expanded")).toBe("false");
    await fourth.focus();
    await page.keyboard.press("Enter");
    expect(await fourth.getAttribute("aria-expanded")).toBe("true");
    const detail = page.locator("#trial-4-detail");
    expect(await detail.textContent()).toContain("not better than 4.4: one layer more no longer helps");
    expect(await detail.textContent()).toContain("2.3 % higher loss");
    expect(await page.locator("tr.trial + .detail-row").count()).toBe(1);
    await page.getByRole("button", { name: "Show all reasons" }).click();
    expect(await page.locator(".detail-row").count()).toBe(5);
  });

  it("plots every score over parameter count, with the path and the best marked, and curves of all trials", async () => {
    await open(started(10_000));
    const plot = page.getByRole("img", { name: /over parameter count/ });
    expect(await plot.locator(".point").count()).toBe(5);
    expect(await plot.locator(".path-arrow").count()).toBeGreaterThanOrEqual(3);
    expect(await plot.locator(".point.incumbent").count()).toBe(1);
    await expect
      .poll(() =>
        page
          .getByRole("img", { name: /loss over epochs/ })
          .locator(".curve")
          .count(),
      )
      .toBe(5);
  });

  it("shows an average of runs as what it is, with the best run alone beside it", async () => {
    const play = service.add("Titanic", replicatedStory(), { dataset: titanic, preset: "default" });
    service.step(play, 10_000);
    await open(play);
    const answer = page.getByRole("region", { name: "The answer" });
    expect(await answer.getByRole("rowheader").allTextContents()).toEqual([
      "Mean of 5 runs",
      "Best run 2×128 alone",
      "Linear model",
      "Class shares",
    ]);
    expect(await answer.textContent()).toContain("3 of 2×128, 2 of 3×256");
  });

  it("pauses, resumes and cancels", async () => {
    const play = started(12);
    await open(play);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("Running", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel the experiment" }).click();
    await page.getByText("Cancelled", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
  });

  it("asks a new question: file, suggested target, request beside it, then its live page", async () => {
    await page.goto(`${service.url}/new`);
    await page.getByText("or upload another file").click();
    await page.locator("input[type=file]").setInputFiles({ name: "prices.txt", mimeType: "text/plain", buffer: Buffer.from("a,b\n1") });
    await page.getByText("row 7, column price").waitFor();
    await page.locator("input[type=file]").setInputFiles({ name: "wages.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2") });
    await page.getByRole("region", { name: "Columns" }).waitFor();
    expect(await page.getByLabel("Column to predict").inputValue()).toBe("wage_per_hour");
    const estimate = page.getByRole("region", { name: "What it would take" });
    await estimate.getByText("41 s (29 s to 1 min 17 s) on 4 slots").waitFor();
    await estimate.getByText("Only 128 rows validate").waitFor();
    expect(service.plays.size, "an estimate makes no experiment").toBe(0);
    await page.getByLabel("Search").selectOption("course");
    await page.getByRole("radio", { name: "JSON" }).check();
    expect(JSON.parse((await page.locator(".preview pre").textContent()) ?? "")).toEqual({
      dataset: wages.id,
      target: "wage_per_hour",
      search: { preset: "course" },
    });
    await page.getByText("Training", { exact: true }).click();
    await page.getByLabel("Patience, epochs").fill("0");
    await page.getByRole("button", { name: "Find the right size" }).click();
    await page.getByText("/recipe/patience").waitFor();
    await page.getByLabel("Patience, epochs").fill("3");
    await page.getByRole("button", { name: "Find the right size" }).click();
    await page.getByText("No trial yet").waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/experiments\/exp_/);
  });

  it("replays early stopping with less patience, from the stored curves alone", async () => {
    const play = service.add("Titanic", replicatedStory(), { dataset: titanic, preset: "default" });
    service.step(play, 10_000);
    await open(play);
    const slider = page.getByRole("slider", { name: /Patience/ });
    await slider.fill("20");
    await page.getByText("This is how it was trained").waitFor();
    await slider.fill("1");
    await page.getByText(/% fewer epochs/).waitFor();
    const table = page.getByRole("region", { name: "Trials replayed" });
    expect(await table.getByRole("row").count()).toBe(7);
    expect(await table.getByText("% worse").count()).toBeGreaterThan(0);
  });

  it("tells a search that a limit ended, its best size so far, and a trial that was only probed from those that came to their end", async () => {
    const play = started(10_000);
    const { experiment } = play.stage;
    Object.assign(experiment.answer ?? {}, { verdict: "limit" });
    const probed = play.stage.trial(4);
    Object.assign(probed, { score: null, metrics: null, state: "CANCELLED", verdict: "stopped" });
    for (const run of probed.runs) Object.assign(run, { purpose: "probe", maxEpochs: 3, standsFor: null });
    await open(play);
    await page.getByRole("heading", { name: "The best size so far, when the limit was reached" }).waitFor();
    expect((await readTrials(page))[3]?.[2]).toBe("stopped by a limit");
    await page.goto(service.url);
    await page.locator(".experiment-item").getByText("Ended by a limit").waitFor();
  });

  it("compares learning rates, diverged ones included", async () => {
    const play = service.add("Rates", sweepStory());
    service.step(play, 10_000);
    await open(play);
    const plot = page.getByRole("img", { name: /over learning rate/ });
    await plot.waitFor();
    expect(await plot.locator(".diverged-mark").count()).toBe(2);
    expect(await plot.locator(".curve-line").count()).toBe(2);
  });

  it("marks short probes of learning rates, joins them alone, and takes nothing they show for an ailment", async () => {
    const play = service.add("Probes", probeStory());
    service.step(play, 10_000);
    await open(play);
    const plot = page.getByRole("img", { name: /1×100 at 0.001, 5 epochs only, .* 1×100 at 0.01 \d/ });
    await plot.waitFor();
    expect(await plot.locator("circle").count()).toBe(3);
    expect(await plot.locator("circle.whole").count()).toBe(1);
    expect((await plot.locator(".curve-line").getAttribute("d"))?.match(/[ML]/g)).toEqual(["M", "L"]);
    await page.getByText("5 epochs, to choose the rate").waitFor();
    await page.getByRole("button", { name: "Trial 1: why, and its runs" }).click();
    const runs = page.getByRole("region", { name: "Runs of this trial" });
    expect(await runs.getByRole("rowheader").allTextContents()).toEqual([
      "probe of 5 epochs",
      "probe of 5 epochs",
      "probe of 5 epochs",
      "fit",
    ]);
    expect(await page.locator(".symptoms").count()).toBe(0);
  });

  it("shows each layer's health, and opens a new question with the remedy filled in", async () => {
    const play = service.add("Titanic", replicatedStory(), { dataset: titanic, preset: "default" });
    service.step(play, 10_000);
    await open(play);
    await page.getByRole("button", { name: "Trial 4: why, and its runs" }).click();
    expect(await page.locator(".heat tbody tr").first().textContent()).toBe("Dead units62 %31 %12 %8 %");
    await page.getByRole("link", { name: "Ask again with leaky relu" }).click();
    await page.getByText("Training", { exact: true }).click();
    expect(await page.getByLabel("Activation").inputValue()).toBe("leaky_relu");
  });

  it("shows which worker trained what and when, with lost work marked", async () => {
    const play = started(10_000);
    Object.assign(play.stage.experiment, { speculation: { adoptedRuns: 2, unusedRuns: 1, adoptedMs: 4_200, unusedMs: 1_500 } });
    await open(play);
    await page.getByText("Timeline of workers").click();
    await page.getByText("7 attempts in").waitFor();
    expect(await page.locator(".attempt.wasted").count(), "a lost lease, and a run that nobody asked for").toBe(2);
    expect(await page.locator(".attempt.adopted").count()).toBe(1);
    expect(await page.locator(".attempt.adopted title").textContent()).toMatch(/^trial 3, 2×250, begun before it was asked for/);
    expect(await page.locator(".attempt.unused").count()).toBe(1);
    await page.getByText("begun before it was asked for", { exact: true }).waitFor();
    await page.getByText("2 runs begun early were asked for, which saved 4.2 s; 1 other was not needed (1.5 s).").waitFor();
    await page.getByText("Log", { exact: true }).click();
    await page.getByText("Warning: The worker was not heard of").waitFor();
  });
});
