/** What the API says of a request stands at the field that it is about, in the field's unit. */
import { expect, it } from "vitest";
import { fieldIssues } from "../src/field-issues.ts";
import { emptyDraft } from "../src/request-draft.ts";

it("finds the field of each issue, also of a part of its value, and keeps the first", () => {
  const issues = [
    { where: "/limits/cpuSeconds", received: '"1,5"', required: "a number" },
    { where: "/recipe/learningRate/values/1", received: "0", required: "more than 0" },
    { where: "/recipe/learningRate/values/2", received: "-1", required: "more than 0" },
    { where: "/recipe/l2x", received: "1", required: "no such member" },
    { where: "row 7", received: "x", required: "y" },
  ];
  expect(fieldIssues(issues, emptyDraft)).toEqual({ cpuSeconds: issues[0], learningRates: issues[1] });
});

it("says fractions as percent where the form asks for percent", () => {
  const draft = { ...emptyDraft, validationPercent: "120", dropoutPercent: " much " };
  const issues = [
    { where: "/split/validationFraction", received: "1.2", required: "less than 1" },
    { where: "/recipe/dropoutFraction", received: '"much"', required: "a number" },
  ];
  expect(fieldIssues(issues, draft)).toEqual({
    validationPercent: { received: "120", required: "less than 100 %" },
    dropoutPercent: { received: "much", required: "a number" },
  });
});
