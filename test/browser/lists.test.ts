/** The lists in headless Chromium: experiments by the thousand, live without asking again; workers; datasets. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { titanic } from "./support/datasets.ts";
import { type MockService, problem, worker } from "./support/mock-service.ts";
import { describePage } from "./support/mocked-page.ts";
import { courseStory, replicatedStory } from "./support/stories.ts";

describePage("the lists", (beforeEachTest) => {
  let service: MockService;
  let page: Page;

  beforeEachTest((itsService, itsPage) => {
    service = itsService;
    page = itsPage;
  });
  const lines = () => page.locator(".experiment-item");
  const listRequests = () => service.asked.filter((path) => path === "/v1/experiments").length;

  it("find one experiment among many, with state, best score and path", async () => {
    const replicated = service.add("Who survived the Titanic?", replicatedStory(), { dataset: titanic, preset: "default" });
    service.step(replicated, 10_000);
    for (let more = 0; more < 40; more++) service.add(`Other ${more}`, courseStory());
    await page.goto(service.url);
    await page.getByText("41 experiments", { exact: true }).waitFor();
    await page.getByRole("searchbox").fill("titanic");
    await expect.poll(() => lines().count()).toBe(1);
    await page.getByRole("link", { name: "Who survived the Titanic?" }).waitFor();
    await page.getByText("0.3357").waitFor();
    await expect.poll(() => lines().textContent()).toContain("survived from titanic_all_numeric.csv");
    expect(
      service.asked.filter((path) => path.endsWith("/trials")),
      "no request for a line's table",
    ).toEqual([]);
    await page.getByRole("radio", { name: "In progress" }).check();
    await page.getByText("No experiment matches.").waitFor();
    await page.getByRole("searchbox").fill("");
    await page.getByText("40 experiments", { exact: true }).waitFor();
  });

  it("follow what happens over one stream, without asking again, also through a broken connection", async () => {
    const play = service.add("Hourly wages", courseStory());
    await page.goto(service.url);
    await page.locator('[data-connection="open"]').waitFor();
    await lines().first().waitFor();
    await page.getByText("1 experiment", { exact: true }).waitFor();
    await expect.poll(listRequests).toBe(2); // read again once the stream is open
    const before = listRequests();
    service.step(play, 60);
    await page.getByText("trial 3, 2×250").waitFor();
    await page.getByText("4.8", { exact: true }).waitFor();
    service.add("Asked a moment ago", courseStory());
    await page.getByRole("link", { name: "Asked a moment ago" }).waitFor();
    expect(await lines().first().textContent(), "the newest stands first").toContain("Asked a moment ago");
    service.cut();
    await page.getByText("connection lost").waitFor();
    service.step(play, 10_000);
    service.mend();
    await page.getByText("4.3", { exact: true }).waitFor();
    expect(await lines().nth(1).textContent()).toContain("Done5 trials");
    expect(service.serviceStream.opened.at(-1)).toMatch(/^mock\.\d+$/);
    expect(listRequests() - before, "lists read again").toBe(0);
  });

  it("tell how long ago each was asked, also when nothing else happens", async () => {
    await page.clock.install();
    service.add("Hourly wages", []);
    await page.goto(service.url);
    await lines().first().getByText("just now").waitFor();
    await page.clock.runFor(180_000);
    await lines().first().getByText("3 min ago").waitFor();
  });

  it("stay quick with ten thousand experiments: only what is in view is drawn", async () => {
    for (let number = 1; number <= 10_000; number++) service.add(`Experiment ${number}`, []);
    await page.goto(service.url);
    await page.getByRole("link", { name: "Experiment 10000" }).waitFor();
    expect(listRequests(), "pages read before anybody scrolls").toBeLessThanOrEqual(2 * 2);
    const reachOldest = async () => {
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      return page.getByRole("link", { name: "Experiment 1", exact: true }).count();
    };
    await expect.poll(reachOldest, { timeout: 60_000, interval: 20 }).toBe(1);
    expect(await lines().count()).toBeLessThan(40);
    await page.getByText("10,000 experiments", { exact: true }).waitFor();
    expect(await page.evaluate(() => document.querySelectorAll("*").length), "elements on the page").toBeLessThan(1500);
    await page.getByRole("searchbox").fill("Experiment 4321");
    await expect.poll(() => lines().count()).toBe(1);
  });

  it("show workers and what they do as it changes, and datasets with their columns", async () => {
    const doing = [{ experimentId: "exp_1", name: "Hourly wages", capacity: { hiddenLayers: 2, nodesPerLayer: 250 } }];
    const atelier = worker("atelier", { running: ["asg_1"], doing });
    service.workers.push(atelier, worker("laptop", { live: false }));
    await page.goto(`${service.url}/workers`);
    await page.getByText("1 worker with 4 slots, 1 of them training.").waitFor();
    expect(await page.getByRole("link", { name: "2×250 Hourly wages" }).getAttribute("href")).toBe("/experiments/exp_1");
    await page.getByText("42 runs, 63 epochs a second").first().waitFor();
    await page.locator('[data-connection="open"]').waitFor();
    const before = service.asked.length;
    service.serviceStream.workersChanged([{ ...atelier, running: ["asg_1", "asg_2"] }]);
    await page.getByText("1 worker with 4 slots, 2 of them training.").waitFor();
    expect(service.asked.length - before, "requests for it").toBe(0);
    await page.getByRole("link", { name: "Datasets" }).click();
    await page.getByRole("link", { name: "titanic_all_numeric.csv" }).click();
    expect(await page.getByRole("img", { name: "Histogram of age" }).count()).toBe(1);
    await page.getByText("identifier").waitFor();
    await page.getByText("No experiment has asked anything of it yet.").waitFor();
    service.add("Who survived?", courseStory(), { dataset: titanic });
    await page.reload();
    await page.getByRole("region", { name: "Who uses it" }).getByRole("link", { name: "Who survived?" }).waitFor();
  });

  it("explain themselves when there is nothing, or when something fails", async () => {
    await page.goto(service.url);
    await page.getByText("Nothing has been asked yet").waitFor();
    await page.goto(`${service.url}/no/such/page`);
    await page.getByText("There is no such page").waitFor();
    const away = problem(
      503,
      "unavailable",
      "A part of the service can't be reached",
      "Postgres doesn't answer.",
      "Try again in a moment.",
    );
    service.failing.set("/v1/workers", away).set("/v1/events", away);
    await page.goto(`${service.url}/workers`);
    await page.getByText("Postgres doesn't answer.").waitFor();
    service.failing.clear();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No worker is here").waitFor();
  });

  it("ask for the key wherever one is missing, also within the form of a new experiment", async () => {
    const locked = problem(
      401,
      "unauthorised",
      "A valid key is needed",
      "This service needs an API key.",
      "Send `Authorization: Bearer <key>`.",
    );
    service.failing.set("/v1/datasets", locked);
    await page.goto(`${service.url}/new`);
    const note = page.getByRole("alert");
    expect(await note.textContent()).toMatch(/^Paste your key.*rsk_.*npm run rightsize -- keys create/);
    expect(await note.textContent(), "that is for programs").not.toMatch(/header|Bearer/i);
    await page.getByLabel("Your key").fill(" rsk_mine ");
    service.failing.clear();
    await page.keyboard.press("Enter");
    await page.getByText("Paste your key").waitFor({ state: "detached" });
    expect(await page.evaluate(() => sessionStorage.getItem("rightsize.key"))).toBe("rsk_mine");
  });
});
