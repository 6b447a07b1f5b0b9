/** The page's addresses: real paths, changed without a reload. The API answers any of them with the same page. */
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

export type Route =
  | { readonly page: "experiments" }
  | { readonly page: "experiment"; readonly id: string }
  | { readonly page: "new"; readonly dataset: string | null; readonly from: string | null }
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
      return { page: "new", dataset: search.get("dataset"), from: search.get("from") };
    }
  }
  return { page: "unknown", path };
}

const listeners = new Set<() => void>();
const notify = () => {
  for (const listener of listeners) listener();
};
function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) globalThis.addEventListener("popstate", notify);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Goes to a path of this page. */
export function go(path: string): void {
  history.pushState(null, "", path);
  globalThis.scrollTo(0, 0);
  notify();
}

/** The address shown now; drawing follows it. */
export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, () => `${location.pathname}\n${location.search}`);
  const [path = "/", query = ""] = address.split("\n");
  return routeOf(path, query);
}

/** A link inside the page; with a modifier key it opens a tab as any link does. */
export function Link({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
