/** Fields of the new-experiment form that hold a member of its draft, and a part of the form that folds away. */
import type { ReactNode } from "react";
import type { FieldIssues } from "../field-issues.ts";
import type { Draft } from "../request-draft.ts";
import { Select, TextField } from "./fields.tsx";

export interface DraftProps {
  readonly draft: Draft;
  readonly issues: FieldIssues;
  readonly change: (part: Partial<Draft>) => void;
}

/** Members of the draft that are text. */
type TextMember = { [Name in keyof Draft]: Draft[Name] extends string ? Name : never }[keyof Draft];

interface DraftFieldProps extends DraftProps {
  readonly name: TextMember;
  readonly label: string;
  readonly hint?: string | undefined;
}

export function DraftText({
  draft,
  issues,
  change,
  name,
  placeholder,
  text = false,
  ...more
}: DraftFieldProps & { placeholder?: string; text?: boolean }) {
  return (
    <TextField
      {...more}
      numeric={!text}
      placeholder={placeholder}
      value={draft[name]}
      issue={issues[name]}
      onChange={(value) => change({ [name]: value })}
    />
  );
}

export function DraftSelect({ draft, issues, change, name, children, ...more }: DraftFieldProps & { children: ReactNode }) {
  return (
    <Select {...more} value={draft[name]} issue={issues[name]} onChange={(value) => change({ [name]: value })}>
      {children}
    </Select>
  );
}

/** Says in its title when one of its fields needs another value, since that can't be seen while it is folded. */
export function FormPart({
  title,
  issues,
  names,
  children,
}: {
  title: string;
  issues: FieldIssues;
  names: readonly (keyof Draft)[];
  children: ReactNode;
}) {
  const wrong = names.filter((name) => issues[name] !== undefined).length;
  return (
    <details>
      <summary>
        {title}
        {wrong > 0 && <span className="field-issue"> · {wrong === 1 ? "one field" : `${wrong} fields`} to change</span>}
      </summary>
      {children}
    </details>
  );
}
