/** HTML that can't be broken by what it shows: every value in a template is escaped unless it is markup made here. */

/** Markup that was made by `html`; only this module makes it. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

type Value = string | number | null | undefined | Markup | readonly Value[];

/** For text and for quoted attributes. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** A template whose values are escaped; markup stays, lists are joined, null and undefined are nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let text = parts[0] ?? "";
  values.forEach((value, index) => {
    text += textOf(value) + (parts[index + 1] ?? "");
  });
  return new Markup(text);
}

function textOf(value: Value): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(textOf).join("");
  return escaped(String(value));
}

/** A style sheet of ours: no value of anybody's may stand in it. */
export function styleSheet(css: string): Markup {
  if (/[<&]/.test(css)) throw new RangeError("a style sheet holds no markup");
  return new Markup(`<style>${css}</style>`);
}
