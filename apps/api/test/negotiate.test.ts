/** Which format an Accept header gets. */
import { expect, it } from "vitest";
import { negotiate } from "../src/negotiate.ts";

const formats = { json: "application/json", csv: "text/csv", markdown: "text/markdown" };

it.each([
  [undefined, "json"],
  ["*/*", "json"],
  ["text/csv", "csv"],
  ["text/markdown", "markdown"],
  ["text/*", "csv"],
  ["text/markdown, text/csv;q=0.5", "markdown"],
  ["text/csv;q=0.1, text/markdown;q=0.2, application/json;q=0.1", "markdown"],
  ["text/html, */*;q=0.1", "json"],
  ["TEXT/CSV", "csv"],
  ["application/json;q=0, text/csv", "csv"],
  ["image/png", "json"],
])("Accept %s is answered with %s", (accept, format) => {
  expect(negotiate(accept, formats, "json")).toBe(format);
});
