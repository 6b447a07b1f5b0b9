/** Which rows train, validate and test: the search's own split, or one of each kind with its fields. */
import type { Draft } from "../request-draft.ts";
import { type DraftProps, DraftSelect, DraftText, FormPart } from "./draft-fields.tsx";
import { Check } from "./fields.tsx";

const hints: Record<Draft["splitKind"], string> = {
  "": "20 % test; of the rest 30 % validate, or five splits where the default search has fewer than 1,000 rows",
  random: "rows are drawn for each part",
  folds: "each part of the rows validates once",
  group: "rows with the same value stay in one part, for example all of one patient",
  time: "the latest rows test, those before them validate",
  rows: "the row numbers of the earlier question",
};
const names = ["splitKind", "splitColumn", "validationPercent", "testPercent", "folds", "seed", "stratify"] as const;

export function SplitFields({ columns, ...fields }: DraftProps & { columns: readonly string[] }) {
  const { draft, issues, change } = fields;
  const kind = draft.splitKind;
  return (
    <FormPart title="Rows to train, validate and test on" issues={issues} names={names}>
      <div className="fields">
        <DraftSelect {...fields} name="splitKind" label="How rows are parted" hint={hints[kind]}>
          <option value="">the search's own way</option>
          <option value="random">at random</option>
          <option value="folds">at random, several times</option>
          <option value="group">by groups of a column</option>
          <option value="time">by time</option>
          {draft.earlier.split !== undefined && <option value="rows">by row numbers</option>}
        </DraftSelect>
        {(kind === "group" || kind === "time") && (
          <DraftSelect
            {...fields}
            name="splitColumn"
            label={kind === "group" ? "Column that names the group" : "Column that orders the rows"}
            hint={kind === "group" ? "it is no feature then" : "a date or a number, the earliest first"}
          >
            <option value="">choose a column</option>
            {columns.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </DraftSelect>
        )}
        {kind === "folds" && <DraftText {...fields} name="folds" label="Splits" hint="2 to 50" />}
        {(kind === "random" || kind === "group" || kind === "time") && (
          <DraftText {...fields} name="validationPercent" label="Validation, % of the rest" hint="decides the next size" />
        )}
        {kind !== "" && kind !== "rows" && (
          <DraftText {...fields} name="testPercent" label="Test, % of all rows" hint="read once, at the end" />
        )}
        <DraftText {...fields} name="seed" label="Seed" hint="the same seed gives the same table" />
      </div>
      {(kind === "random" || kind === "folds") && (
        <Check label="Keep class shares equal in every part" checked={draft.stratify} onChange={(stratify) => change({ stratify })} />
      )}
      {issues.stratify !== undefined && (
        <p className="field-issue">
          received {issues.stratify.received}, needs {issues.stratify.required}
        </p>
      )}
    </FormPart>
  );
}
