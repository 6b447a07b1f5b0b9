/** What every suite of the page against recorded experiments begins with: a browser, and for each test a mock service and a watched page. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { launchBrowser, noBrowser } from "./browser.ts";
import { ensurePageIsBuilt } from "./build-page.ts";
import { type MockService, startMockService } from "./mock-service.ts";
import { watchedPage } from "./page-helpers.ts";

/**
 * A suite that is skipped, with the reason, where there is no browser. `begin` is called before each test with its own service and page;
 * a page that asked another host for anything, or reported an error, fails its test.
 */
export function describePage(
  title: string,
  suite: (beforeEachTest: (begin: (service: MockService, page: Page) => void) => void) => void,
): void {
  describe.skipIf(noBrowser !== null)(`${title}${noBrowser === null ? "" : ` (skipped: ${noBrowser})`}`, () => {
    let browser: Browser;
    beforeAll(async () => {
      await ensurePageIsBuilt();
      browser = await launchBrowser();
    });
    afterAll(() => browser?.close());
    suite((begin) =>
      beforeEach(async () => {
        const service = await startMockService();
        const watched = await watchedPage(browser, service.url);
        begin(service, watched.page);
        return async () => {
          await watched.close();
          await service.close();
        };
      }),
    );
  });
}
