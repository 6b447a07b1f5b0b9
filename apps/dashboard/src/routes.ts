/** Which page an address names. */

export type Route =
  | { readonly page: "experiments" }
  | { readonly page: "experiment"; readonly id: string }
  | ({ readonly page: "new" } & NewQuery)
  | { readonly page: "datasets" }
  | { readonly page: "dataset"; readonly id: string }
  | { readonly page: "workers" }
  | { readonly page: "unknown"; readonly path: string };

/** What a new experiment's form begins with. */
export interface NewQuery {
  readonly dataset: string | null;
  /** An experiment whose question is asked again. */
  readonly from: string | null;
  /** A symptom whose remedy is filled in. */
  readonly remedy: string | null;
  /** So many splits of one network, given as `2x250`. */
  readonly splits: string | null;
  readonly size: string | null;
}

/** The route of an address's path and query. */
export function routeOf(path: string, query = ""): Route {
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second, ...more] = parts.map(decodeURIComponent);
  if (first === undefined) return { page: "experiments" };
  if (more.length === 0) {
    if (first === "experiments") return second === undefined ? { page: "experiments" } : { page: "experiment", id: second };
    if (first === "datasets") return second === undefined ? { page: "datasets" } : { page: "dataset", id: second };
    if (first === "workers" && second === undefined) return { page: "workers" };
    if (first === "new" && second === undefined) {
      const search = new URLSearchParams(query);
      const [dataset, from, remedy, splits, size] = ["dataset", "from", "remedy", "splits", "size"].map((name) => search.get(name));
      return {
        page: "new",
        dataset: dataset ?? null,
        from: from ?? null,
        remedy: remedy ?? null,
        splits: splits ?? null,
        size: size ?? null,
      };
    }
  }
  return { page: "unknown", path };
}
