/**
 * Takes the README's picture from a real experiment, goes on from it as the page offers, and measures the first paint from the embedded
 * server: `npm run build`, then `npx tsx --conditions=source test/browser/support/take-readme-picture.ts`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiAt } from "../../support/api.ts";
import { startService } from "../../support/service.ts";
import { launchBrowser } from "./browser.ts";
import { ensurePageIsBuilt } from "./build-page.ts";

const picture = fileURLToPath(new URL("../../../docs/experiment.png", import.meta.url));
const cars = fileURLToPath(new URL("../../../node_modules/vega-datasets/data/cars.json", import.meta.url));

await ensurePageIsBuilt();
const service = await startService({ engines: ["onnx"], slots: 1, queue: "postgres" });
const browser = await launchBrowser();
try {
  const api = apiAt(service.url);
  const dataset = await api.upload("cars.json", readFileSync(cars));
  const { id } = await api.post({ name: "Miles per gallon of 406 cars", dataset: dataset.id, target: "Miles_per_Gallon" });
  const ended = await api.ended(id, 900_000);
  console.log(`${ended.name}: ${ended.state}. ${ended.answer?.sentence ?? ended.stateReason}`);
  const page = await browser.newPage({ viewport: { width: 1100, height: 1490 } });
  page.on("pageerror", (error) => console.error(error.message));
  for (const path of ["/", `/experiments/${id}`, "/", `/experiments/${id}`]) {
    await page.goto(service.url + path);
    await page
      .locator(path === "/" ? ".experiment-item" : ".trial-table .winner")
      .first()
      .waitFor();
    const paints = await page.evaluate(() =>
      performance.getEntriesByType("paint").map(({ name, startTime }) => `${name} ${Math.round(startTime)} ms`),
    );
    console.log(`${path === "/" ? "list" : "experiment"}: ${paints.join(", ")}`);
  }
  await page.locator(".evaluation .plot, .evaluation .plot-empty").first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(500);
  await page.screenshot({ path: picture });
  if (process.argv[2] !== undefined) await page.screenshot({ path: process.argv[2], fullPage: true });
  const panel = page.getByRole("region", { name: "What if…" });
  await panel.getByLabel("Patience, epochs").fill("3");
  await panel.getByRole("button", { name: "Tell the table again" }).click();
  await panel.locator(".told, .problem").first().waitFor();
  console.log(`What if patience were 3? ${await panel.locator(".reason, .problem").first().textContent()}`);
  const on = panel.getByRole("button", { name: "Go on as a new experiment" });
  if ((await on.count()) > 0) {
    await on.click();
    await page.getByRole("heading", { level: 1, name: /, what if$/ }).waitFor();
    console.log(`Gone on as ${page.url().split("/").at(-1)}`);
  }
} finally {
  await browser.close();
  await service.close();
}
