/** The page's addresses: real paths, changed without a reload. The API answers any of them with the same page. */
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";
import { type Route, routeOf } from "./routes.ts";

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
