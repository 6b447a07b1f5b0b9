/** Which page an address names. */

export type Route =
  | { readonly page: "experiments" }
  | { readonly page: "experiment"; readonly id: string }
  | { readonly page: "new"; readonly dataset: string | null; readonly from: string | null; readonly remedy: string | null }
  | { readonly page: "datasets" }
  | { readonly page: "dataset"; readonly id: string }
  | { readonly page: "workers" }
  | { readonly page: "unknown"; readonly path: string };

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
      return { page: "new", dataset: search.get("dataset"), from: search.get("from"), remedy: search.get("remedy") };
    }
  }
  return { page: "unknown", path };
}
