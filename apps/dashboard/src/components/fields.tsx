/** Labelled form fields, with a hint or what is wrong with them below. */
import { type ReactNode, useId } from "react";
import type { FieldIssue } from "../field-issues.ts";

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string | undefined;
  readonly issue?: FieldIssue | undefined;
}

export function Select({ label, value, onChange, hint, issue, children }: FieldProps & { children: ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)} {...described(id, hint, issue)}>
        {children}
      </select>
      <Below id={id} hint={hint} issue={issue} />
    </div>
  );
}

export function TextField({
  label,
  value,
  onChange,
  hint,
  issue,
  placeholder,
  numeric = false,
}: FieldProps & { placeholder?: string | undefined; numeric?: boolean }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        placeholder={placeholder}
        inputMode={numeric ? "decimal" : undefined}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        {...described(id, hint, issue)}
      />
      <Below id={id} hint={hint} issue={issue} />
    </div>
  );
}

function described(id: string, hint: string | undefined, issue: FieldIssue | undefined) {
  return {
    "aria-invalid": issue === undefined ? undefined : true,
    "aria-describedby": hint === undefined && issue === undefined ? undefined : `${id}-below`,
  };
}

/** What is wrong takes the hint's place: one of the two is what helps now. */
function Below({ id, hint, issue }: { id: string; hint: string | undefined; issue: FieldIssue | undefined }) {
  if (issue !== undefined) {
    return (
      <small id={`${id}-below`} className="field-issue">
        received {issue.received}, needs {issue.required}
      </small>
    );
  }
  if (hint === undefined) return null;
  return (
    <small id={`${id}-below`} className="quiet">
      {hint}
    </small>
  );
}

export function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} /> {label}
    </label>
  );
}
