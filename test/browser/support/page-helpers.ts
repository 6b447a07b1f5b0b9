/** Small helpers for tests that read the page: the trial table as text, and what axe finds. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The course's four columns of every row, as the page shows them. */
export function readTrials(page: Page): Promise<string[][]> {
  return page.$$eval("tr.trial", (rows) =>
    rows.map((row) =>
      Array.from(row.querySelectorAll("td"))
        .slice(0, 4)
        .map((cell) => (cell.textContent ?? "").replace("the answer", "").trim()),
    ),
  );
}

/** axe's findings of impact serious or critical, each as `rule: element`; of all rules, or of those named. */
export async function seriousFindings(page: Page, rules: readonly string[] = []): Promise<string[]> {
  // Evaluated, not injected as a script element: the page's security policy forbids foreign scripts.
  await page.evaluate(axeSource);
  return page.evaluate(async (names) => {
    type Result = { violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[] };
    const axe = (globalThis as unknown as { axe: { run(options: object): Promise<Result> } }).axe;
    const { violations } = await axe.run(names.length === 0 ? {} : { runOnly: { type: "rule", values: names } });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary?.slice(0, 200) ?? ""}`));
  }, rules);
}

/** Waits until nothing on the page is loading. An open stream of events never lets the network be idle. */
export async function loaded(page: Page): Promise<void> {
  await page.locator("h1, .note h2").first().waitFor();
  await page.locator(".loading").first().waitFor({ state: "detached" });
}

/** Requests that the page makes of any other host. */
export function foreignRequests(page: Page, home: string): string[] {
  const found: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(home) && !request.url().startsWith("data:")) found.push(request.url());
  });
  return found;
}

/** Errors that the page throws or its console reports, apart from failed requests. */
export function pageErrors(page: Page): string[] {
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) found.push(message.text());
  });
  return found;
}

/** A page whose `close` fails the test when it asked another host for anything, or reported an error. */
export async function watchedPage(browser: Browser, home: string): Promise<{ readonly page: Page; close(): Promise<void> }> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const foreign = foreignRequests(page, home);
  const errors = pageErrors(page);
  return {
    page,
    async close() {
      await page.close();
      expect(foreign, "requests to other hosts").toEqual([]);
      expect(errors, "errors on the page").toEqual([]);
    },
  };
}
