/** Content negotiation (RFC 9110 §12.5.1): which of our formats an Accept header likes best. */

/** The format with the highest quality, the earlier one winning ties; `fallback` where the header names none of them. */
export function negotiate<Format extends string>(
  accept: string | undefined,
  formats: Readonly<Record<Format, string>>,
  fallback: Format,
): Format {
  if (accept === undefined) return fallback;
  const ranges = accept.split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
  });
  let best: { format: Format; quality: number } = { format: fallback, quality: 0 };
  for (const format of Object.keys(formats) as Format[]) {
    const quality = qualityOf(formats[format], ranges);
    if (quality > best.quality) best = { format, quality };
  }
  return best.format;
}

/** The most specific range that matches decides. */
function qualityOf(type: string, ranges: readonly { type: string; quality: number }[]): number {
  const group = `${type.split("/")[0]}/*`;
  const match = [type, group, "*/*"].map((wanted) => ranges.find((range) => range.type === wanted)).find((range) => range !== undefined);
  return match?.quality ?? 0;
}
