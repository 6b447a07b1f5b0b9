/** What a person does with an ended experiment, in headless Chromium: ask what if, weigh its scores, take the model home. */
import { experimentRequestSchema } from "@rightsize/contract";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { digits, titanic } from "./support/datasets.ts";
import type { MockService, Play } from "./support/mock-service.ts";
import { describePage } from "./support/mocked-page.ts";
import { courseStory, replicatedStory } from "./support/stories.ts";

describePage("an ended experiment", (beforeEachTest) => {
  let service: MockService;
  let page: Page;

  beforeEachTest((itsService, itsPage) => {
    service = itsService;
    page = itsPage;
  });
  const open = async (play: Play) => {
    service.step(play, 10_000);
    await page.goto(`${service.url}/experiments/${play.stage.experiment.id}`);
    await page.getByRole("region", { name: "The answer" }).waitFor();
  };
  const course = () => open(service.add("Hourly wages", courseStory()));
  const replicated = () => open(service.add("Titanic", replicatedStory(), { dataset: titanic, preset: "default" }));

  it("answers what if: the other table beside the real one, where a result is missing, and the way on", async () => {
    await course();
    const panel = page.getByRole("region", { name: "What if…" });
    const tell = panel.getByRole("button", { name: "Tell the table again" });
    expect(await tell.isDisabled()).toBe(true);
    await panel.getByLabel("Patience, epochs").fill("1");
    await tell.click();
    await panel.getByText("Nothing would change: every decision is the same.").waitFor();
    await panel.getByLabel("Patience, epochs").fill("");
    await panel.getByLabel("Search").selectOption("default");
    await tell.click();
    await panel.getByText("needs 1 run of 2×400 that nobody trained").waitFor();
    expect(await panel.locator("tr.differs").count()).toBe(3);
    await panel.getByRole("button", { name: "Go on as a new experiment" }).click();
    await page.getByText("No trial yet").waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Hourly wages, what if");
  });

  it("shows how far each network's scores lie apart, and fills in ten splits of one", async () => {
    await replicated();
    const strips = page.getByRole("img", { name: /of each training: 1×64/ });
    expect(await strips.locator(".strip").count()).toBe(3);
    expect(await strips.locator(".strip.strong circle").count()).toBe(4);
    await page.getByRole("link", { name: "Try ten splits of 2×128" }).click();
    await page.getByRole("radio", { name: "JSON" }).check();
    const request = experimentRequestSchema.parse(JSON.parse((await page.locator(".preview pre").textContent()) ?? ""));
    expect(request).toMatchObject({
      search: { preset: "grid", parameters: { hiddenLayers: [2], nodesPerLayer: [128], fits: 10 } },
      split: { kind: "folds", folds: 10 },
    });
  });

  it("trains the answer on fewer rows when asked, and says whether more would help", async () => {
    await course();
    const section = page.getByRole("region", { name: "Would more rows help?" });
    const curveRequests = () => service.asked.filter((path) => path.endsWith("/learning-curve")).length;
    await section.getByRole("button", { name: "Train 3×200 on fewer rows" }).waitFor();
    await page.waitForLoadState("networkidle");
    expect(curveRequests(), "nothing to read where nobody asked").toBe(0);
    await section.getByRole("button", { name: "Train 3×200 on fewer rows" }).click();
    await section.getByText("Training on fewer rows…").waitFor();
    const trains = [...service.plays.values()].at(-1);
    await expect
      .poll(
        () => {
          // Each of its events asks for the curve once more.
          if (trains !== undefined) service.step(trains);
          return section.getByText("bring more rows").count();
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    expect(await section.getByRole("img", { name: "Validation loss of 3×200 over training rows" }).locator(".point").count()).toBe(4);
    expect(await section.getByRole("row").last().textContent()).toContain("3 of 3 (3 reused)");
    await page.reload();
    await section.getByText("bring more rows").waitFor();
  });

  it("shows predicted against actual, and the rows that it misses most", async () => {
    await course();
    const section = page.getByRole("region", { name: "How its predictions miss" });
    const plot = section.getByRole("img", { name: /Predicted against actual wage_per_hour of 128 rows/ });
    await plot.waitFor();
    expect((await plot.locator(".pair-dots").getAttribute("d"))?.split("M").length).toBe(129);
    expect(await section.getByRole("row").count()).toBe(6);
    await page.getByLabel("What the curves show").selectOption("r2");
    await page.getByRole("img", { name: /^R² over epochs: .*3×200 best/ }).waitFor();
  });

  it("shows confusion, the mistakes as pictures, and what it takes a drawing for", async () => {
    const play = service.add("Digits", replicatedStory(), { dataset: digits, preset: "default" });
    await open(play);
    const section = page.getByRole("region", { name: "How its predictions miss" });
    await section.locator(".confusion").waitFor();
    expect(await section.locator(".confusion .hit").count()).toBe(10);
    expect(await section.locator(".mistake-pictures canvas").count()).toBe(16);
    const box = page.getByRole("img", { name: "A box to draw in, 28 by 28 for the network" });
    await box.scrollIntoViewIfNeeded();
    const bounds = await box.boundingBox();
    if (bounds === null) throw new Error("no box");
    await page.mouse.move(bounds.x + 60, bounds.y + 40);
    await page.mouse.down();
    await page.mouse.move(bounds.x + 80, bounds.y + 230, { steps: 8 });
    await page.mouse.up();
    await section.getByText("It takes this for").waitFor();
    const ofStroke = await section.locator(".taken-for").textContent();
    expect(await section.locator(".probabilities dt").count()).toBe(10);
    await section.getByRole("button", { name: /^Row 19:/ }).click();
    await expect.poll(() => section.locator(".taken-for").textContent()).not.toBe(ofStroke);
    await section.getByRole("button", { name: "Clear" }).click();
    await section.getByText("What the network takes it for appears here.").waitFor();
  });

  it("shows each layer's health over the epochs, with the remedy beside it", async () => {
    await replicated();
    await page.getByRole("button", { name: "Trial 4: why, and its runs" }).click();
    const strips = page.getByRole("region", { name: "Health of each hidden layer over epochs" });
    await strips.getByRole("rowheader", { name: "Layer 4" }).waitFor();
    expect(await strips.locator("thead th").count()).toBeGreaterThan(8);
    expect(await strips.locator("tbody td").last().textContent()).toMatch(/^\d+$/);
    await strips.getByRole("radio", { name: "Gradient norms" }).check();
    expect(await strips.locator("tbody td").last().textContent()).toMatch(/^0\.\d+$/);
    await page.getByRole("link", { name: "Ask again with leaky relu" }).waitFor();
  });

  it("gives the model with a program for Python and for TypeScript, about its own columns", async () => {
    await replicated();
    await page.getByText("Take the model home").click();
    const download = page.getByRole("link", { name: "The trained model" });
    expect(await download.getAttribute("href")).toMatch(/^\/v1\/experiments\/exp_\w+\/model$/);
    const code = page.locator(".snippet pre");
    await code.getByText("import onnxruntime").waitFor();
    expect(await code.textContent()).toContain("age");
    await page.getByRole("radio", { name: "TypeScript" }).check();
    await code.getByText("onnxruntime-node").waitFor();
    // In a service with keys a link alone would be refused: the page fetches the file with the key of this tab.
    await page.evaluate(() => sessionStorage.setItem("rightsize.key", "rsk_mine"));
    await page.getByText("Take the table or a report away").click();
    const asked = page.waitForRequest((request) => request.url().endsWith("/report?format=markdown"));
    const saved = page.waitForEvent("download");
    await page.getByRole("link", { name: "Report as Markdown" }).click();
    expect((await asked).headers().authorization).toBe("Bearer rsk_mine");
    expect((await saved).suggestedFilename()).toMatch(/^rightsize-exp_\w+\.md$/);
  });
});
