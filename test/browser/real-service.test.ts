/** The dashboard against the real service: Postgres, queue, worker processes, and a network that breaks. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { apiAt, smallTable } from "../support/api.ts";
import { courseScores } from "../support/examples.ts";
import { startService, type TestService } from "../support/service.ts";
import { type BreakableProxy, startBreakableProxy } from "./support/breakable-proxy.ts";
import { launchBrowser, noBrowser } from "./support/browser.ts";
import { ensurePageIsBuilt } from "./support/build-page.ts";
import { foreignRequests, loaded, pageErrors, readTrials, seriousFindings } from "./support/page-helpers.ts";

const courseTable = [
  ["1", "100", "5.4", "Increase capacity"],
  ["1", "250", "4.8", "Increase capacity"],
  ["2", "250", "4.4", "Increase capacity"],
  ["3", "250", "4.5", "Decrease capacity"],
  ["3", "200", "4.3", "Done"],
];

/** A table whose target follows from its columns, not linearly, with noise that everybody's machine makes alike. */
function curvedTable(rows = 400): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const a = ((row * 37) % 101) / 50 - 1;
    const b = ((row * 53) % 97) / 48 - 1;
    return `${a.toFixed(4)},${b.toFixed(4)},${["red", "green", "blue"][row % 3]},${(3 * Math.sin(2 * a) * b + (row % 3) + ((row * 7919) % 13) / 40).toFixed(4)}`;
  });
  return ["a,b,colour,price", ...lines].join("\n");
}

/** Two IDX files: 12 × 12 images of an upright bar (0) or a lying one (1), with a little noise. */
function barImages() {
  const [count, side] = [240, 12];
  const images = Buffer.alloc(16 + count * side * side);
  const labels = Buffer.alloc(8 + count);
  for (const [place, value] of [0x803, count, side, side].entries()) images.writeUInt32BE(value, place * 4);
  for (const [place, value] of [0x801, count].entries()) labels.writeUInt32BE(value, place * 4);
  for (let image = 0; image < count; image++) {
    const label = image % 2;
    labels[8 + image] = label;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [across, along] = label === 0 ? [x, y] : [y, x];
        const bar = Math.abs(across - 5.5) < 1.6 && along > 1 && along < 10;
        images[16 + (image * side + y) * side + x] = (bar ? 215 : 0) + ((image * 31 + x * 7 + y * 13) % 40);
      }
    }
  }
  return [
    { name: "bars-idx3-ubyte", mimeType: "application/octet-stream", buffer: images },
    { name: "bars-labels-idx1-ubyte", mimeType: "application/octet-stream", buffer: labels },
  ];
}

describe.skipIf(noBrowser !== null)(`the dashboard on the real service${noBrowser === null ? "" : ` (skipped: ${noBrowser})`}`, () => {
  let browser: Browser;
  let service: TestService;
  let network: BreakableProxy;
  let page: Page;

  beforeAll(async () => {
    await ensurePageIsBuilt();
    [browser, service] = await Promise.all([launchBrowser(), startService({ engines: ["onnx", "scripted"], slots: 1, queue: "postgres" })]);
    network = await startBreakableProxy(service.url);
  });
  afterAll(async () => {
    await browser?.close();
    await network?.close();
    await service?.close();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const foreign = foreignRequests(page, network.url);
    const errors = pageErrors(page);
    return async () => {
      await page.close();
      expect(foreign, "requests to other hosts").toEqual([]);
      expect(errors, "errors on the page").toEqual([]);
    };
  });

  it("shows the course's experiment live to its end, through a broken connection, with nothing missed", async () => {
    const api = apiAt(service.url);
    const dataset = await api.upload("course.csv", smallTable());
    const runs = courseScores.map((run) => ({ ...run, epochs: 8, epochMs: 120 }));
    const { id } = await api.post({
      name: "The course's table",
      dataset: dataset.id,
      target: "y",
      search: { preset: "course" },
      engine: { name: "scripted", script: { runs, otherwise: { score: 9, epochs: 1, epochMs: 0 } } },
    });
    await page.goto(`${network.url}/experiments/${id}`);
    await page
      .locator(".progress", { hasText: /epoch [1-9]/ })
      .first()
      .waitFor();
    await page.locator("tr.trial[data-trial='2'].running").waitFor();
    network.cut();
    await page.getByText("connection lost").waitFor();
    await api.until(id, (table) => table.trials.length >= 4);
    network.mend();
    await page.getByRole("region", { name: "The answer" }).waitFor();
    await expect.poll(() => readTrials(page)).toEqual(courseTable);
    const { eventCount } = await api.ended(id);
    await page.getByText("Events since").click();
    const shown = await page.locator(".events li").evaluateAll((items) => items.map((item) => (item as HTMLLIElement).value));
    expect(shown.reverse(), "every event once, in order, to the last").toEqual(
      Array.from({ length: shown.length }, (_, index) => eventCount - shown.length + 1 + index),
    );
    await page.reload();
    await expect.poll(() => readTrials(page)).toEqual(courseTable);
    await page.getByRole("button", { name: "Show all reasons" }).click();
    expect(await page.locator(".decision").count()).toBe((await api.decisions(id)).decisions.length);
  });

  it("takes a file from the form to a trained network", async () => {
    await page.goto(`${network.url}/datasets`);
    await page.locator("input[type=file]").setInputFiles({ name: "prices.csv", mimeType: "text/csv", buffer: Buffer.from(curvedTable()) });
    await page.getByRole("heading", { name: "prices.csv" }).waitFor();
    await page.getByRole("link", { name: "Ask a question of it" }).click();
    await page.getByLabel("Column to predict").selectOption("price");
    await page.getByLabel("Search").selectOption("course");
    await page.getByRole("button", { name: "Find the right size" }).click();
    await page.getByRole("region", { name: "The answer" }).waitFor({ timeout: 120_000 });
    const rows = await readTrials(page);
    expect(rows[0]?.slice(0, 2)).toEqual(["1", "100"]);
    expect(rows.at(-1)?.[3]).toBe("Done");
    expect(await page.locator("tr.trial.winner").count()).toBe(1);
    await expect
      .poll(() =>
        page
          .getByRole("img", { name: /loss over epochs/ })
          .locator(".curve")
          .count(),
      )
      .toBe(rows.length);
    expect(await seriousFindings(page)).toEqual([]);
    for (const path of ["/", "/datasets", "/workers"]) {
      await page.goto(network.url + path);
      await loaded(page);
      expect(await seriousFindings(page), path).toEqual([]);
    }
  });

  it("takes two IDX files as images, and what it draws of them is asked of the trained network", async () => {
    await page.goto(`${network.url}/datasets`);
    await page.locator("input[type=file]").setInputFiles(barImages());
    await page.getByRole("link", { name: "Ask a question of it" }).click();
    await page.getByLabel("Search").selectOption("course");
    await page.getByText("Limits", { exact: true }).click();
    await page.getByLabel("Most trials").fill("1");
    await page.getByRole("button", { name: "Find the right size" }).click();
    const section = page.getByRole("region", { name: "How its predictions miss" });
    await section.locator(".confusion").waitFor({ timeout: 120_000 });
    expect(await section.locator(".confusion .hit").count()).toBe(2);
    const box = page.getByRole("img", { name: "A box to draw in, 12 by 12 for the network" });
    await box.scrollIntoViewIfNeeded();
    const bounds = await box.boundingBox();
    if (bounds === null) throw new Error("no box");
    for (const [label, x, y] of [
      ["0", 0, 200],
      ["1", 200, 0],
    ] as const) {
      await section.getByRole("button", { name: "Clear" }).click();
      await page.mouse.move(bounds.x + 140 - x / 2, bounds.y + 140 - y / 2);
      await page.mouse.down();
      await page.mouse.move(bounds.x + 140 + x / 2, bounds.y + 140 + y / 2, { steps: 6 });
      await page.mouse.up();
      await expect.poll(() => section.locator(".taken-for").textContent()).toBe(label);
    }
  });

  it("says before the scores what makes them doubtful, and what an experiment would take", async () => {
    const api = apiAt(service.url);
    // Every row four times: the same rows train and validate.
    const rows = curvedTable(100).split("\n");
    const dataset = await api.upload("repeated.csv", [rows[0], ...Array.from({ length: 4 }, () => rows.slice(1)).flat()].join("\n"));
    await page.goto(`${network.url}/new?dataset=${dataset.id}`);
    const estimate = page.getByRole("region", { name: "What it would take" });
    await estimate.getByText("Time to the answer").waitFor();
    await estimate.locator(".warning").first().waitFor();
    const script = { runs: [], otherwise: { score: 1, epochs: 1, epochMs: 0 } };
    const { id } = await api.post({
      dataset: dataset.id,
      target: "price",
      search: { preset: "course" },
      engine: { name: "scripted", script },
    });
    await page.goto(`${network.url}/experiments/${id}`);
    await page.getByText(/Before you believe the scores/).waitFor();
    const told = await page.locator("details", { hasText: "Before you believe the scores" }).getByRole("listitem").allTextContents();
    expect(told.join()).toMatch(/same|repeat|twice|duplicate/i);
  });

  it("says at a field what it received and what it needs, and asks by groups within limits", async () => {
    const dataset = await apiAt(service.url).upload("grouped.csv", curvedTable(300));
    await page.goto(`${network.url}/new?dataset=${dataset.id}`);
    const requested = async () => JSON.parse((await page.locator(".preview pre").textContent()) ?? "") as Record<string, unknown>;
    await page.getByRole("radio", { name: "JSON" }).check();
    await page.getByText("Rows to train, validate and test on").click();
    await page.getByLabel("How rows are parted").selectOption("group");
    await page.getByText('received "", needs at least 1 character').waitFor();
    await page.getByLabel("Column that names the group").selectOption("colour");
    await page.getByLabel("Test, % of all rows").fill("120");
    await page.getByText("received 120, needs less than 100 %").waitFor();
    await page.getByText("It can be told when the marked fields are changed.").waitFor();
    expect(await page.getByLabel("Test, % of all rows").getAttribute("aria-invalid")).toBe("true");
    await page.getByText("Limits", { exact: true }).click();
    await page.getByLabel("Time since the start, seconds").fill("1,5");
    // A wrong field can be seen while its part of the form is folded.
    await page.getByText(/^Limits/).click();
    await page.getByText("Limits (1) · one field to change").waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByText(/^Limits/).click();
    await page.getByLabel("Time since the start, seconds").fill("600");
    await page.getByLabel("Test, % of all rows").fill("30");
    await page.getByLabel("Validation, % of the rest").fill("50");
    await page.getByRole("region", { name: "What it would take" }).getByText("Time to the answer").waitFor();
    await expect.poll(() => page.locator(".field-issue").count()).toBe(0);
    expect(await requested()).toMatchObject({
      split: { kind: "group", column: "colour", validationFraction: 0.5, testFraction: 0.3 },
      limits: { wallSeconds: 600 },
    });
    await page.getByRole("button", { name: "Find the right size" }).click();
    await page.waitForURL(/experiments\/exp_/);
    const { spec } = await apiAt(service.url).experiment(page.url().split("/").at(-1) as string);
    expect(spec).toMatchObject({ split: { kind: "group", column: "colour" }, limits: { wallSeconds: 600 } });
  });

  it("shows the API's own words when a file can't be read", async () => {
    await page.goto(`${network.url}/datasets`);
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "ragged.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n3,4,5\n") });
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toMatch(/row/);
  });
});
