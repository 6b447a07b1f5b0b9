/** The page for everyone, in headless Chromium: light and dark, on a phone, and with nothing serious found by axe on any page. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { digits, titanic, wages } from "./support/datasets.ts";
import { type MockService, type Play, worker } from "./support/mock-service.ts";
import { describePage } from "./support/mocked-page.ts";
import { loaded, seriousFindings } from "./support/page-helpers.ts";
import { courseStory, replicatedStory } from "./support/stories.ts";

describePage("the page for everyone", (beforeEachTest) => {
  let service: MockService;
  let page: Page;

  beforeEachTest((itsService, itsPage) => {
    service = itsService;
    page = itsPage;
  });
  const started = (steps: number) => {
    const play = service.add("Hourly wages", courseStory());
    service.step(play, steps);
    return play;
  };

  it("keeps the chosen theme", async () => {
    await page.goto(service.url);
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const system = await paper();
    await page.getByRole("button", { name: /Switch to light/ }).click();
    expect(await paper()).toBe(system);
    await page.getByRole("button", { name: /Switch to dark/ }).click();
    const dark = await paper();
    expect(dark).not.toBe(system);
    await page.reload();
    expect(await paper()).toBe(dark);
  });

  /** Everything that an experiment's page folds away, unfolded and loaded. */
  const unfold = async () => {
    await page.getByRole("button", { name: "Show all reasons" }).click();
    await page.locator(".details").evaluate((details) => {
      for (const fold of details.querySelectorAll("details")) fold.open = true;
    });
    await page.locator(".log-lines").waitFor();
    await loaded(page);
  };
  const at = (play: Play) => `/experiments/${play.stage.experiment.id}`;
  /** Experiments of every kind: ended, running, with replicates, about images. */
  const fill = () => {
    service.workers.push(worker("atelier", { running: ["asg_1"] }), worker("laptop", { live: false }));
    const add = (name: string, dataset: typeof titanic) => {
      const play = service.add(name, replicatedStory(), { dataset, preset: "default" });
      service.step(play, 10_000);
      return play;
    };
    return { done: started(10_000), running: started(52), replicated: add("Titanic", titanic), images: add("Digits", digits) };
  };

  it("fits a phone: nothing hangs over the side", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const { done, images } = fill();
    const limited = started(10_000);
    Object.assign(limited.stage.experiment.answer ?? {}, { verdict: "limit" });
    const trial = limited.stage.trial(4);
    Object.assign(trial, { score: null, metrics: null, state: "CANCELLED", verdict: "stopped" });
    for (const run of trial.runs) Object.assign(run, { state: "STOPPED", validationLoss: null, metrics: null, standsFor: null });
    for (const path of [
      "/",
      at(done),
      at(limited),
      at(images),
      `/new?dataset=${wages.id}`,
      `/datasets/${wages.id}`,
      "/workers",
      "/experiments/exp_none",
    ]) {
      await page.goto(service.url + path);
      await loaded(page);
      if (path.startsWith("/experiments/exp_m")) await unfold();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
    }
  });

  it("has no finding of axe that is serious, on any page with everything unfolded, in light and dark", async () => {
    const { running, replicated, images } = fill();
    for (const path of [
      "/",
      at(running),
      at(replicated),
      at(images),
      `/new?dataset=${wages.id}`,
      "/datasets",
      `/datasets/${titanic.id}`,
      "/workers",
      "/experiments/exp_none",
      "/nowhere",
    ]) {
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await page.goto(service.url + path);
      await loaded(page);
      if (path.startsWith("/experiments/exp_m")) await unfold();
      if (path === at(replicated)) {
        const panel = page.getByRole("region", { name: "What if…" });
        await panel.getByLabel("Search").selectOption("course");
        await panel.getByRole("button", { name: "Tell the table again" }).click();
        await panel.getByText("that nobody trained").waitFor();
      }
      expect(await seriousFindings(page), path).toEqual([]);
      // Colours alone differ in the dark, and these pages have them all.
      if (!["/", at(replicated), at(images), "/workers"].includes(path)) continue;
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await seriousFindings(page, ["color-contrast"]), `${path} in the dark`).toEqual([]);
    }
  });
});
