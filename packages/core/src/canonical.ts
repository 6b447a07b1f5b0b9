/** Canonical JSON text: the same value always gives the same bytes (sorted keys, no spaces, finite numbers only). */

/** The canonical text of plain data. Throws a TypeError, with the path, on NaN, infinities, functions and cycles; skips `undefined` members. */
export function canonicalText(value: unknown): string {
  return write(value, "$", new Set());
}

function write(value: unknown, path: string, open: Set<object>): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}: canonical text holds finite numbers only`);
    return JSON.stringify(value);
  }
  if (typeof value !== "object") throw new TypeError(`${path} is a ${typeof value}: canonical text holds plain data only`);
  if (open.has(value)) throw new TypeError(`${path} refers to itself: canonical text holds no cycles`);
  open.add(value);
  const text = Array.isArray(value)
    ? `[${value.map((item, index) => write(item, `${path}[${index}]`, open)).join(",")}]`
    : `{${Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([key, member]) => `${JSON.stringify(key)}:${write(member, `${path}.${key}`, open)}`)
        .join(",")}}`;
  open.delete(value);
  return text;
}
