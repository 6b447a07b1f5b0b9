/** One experiment's live feed, for a component. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { type Feed, type FeedState, openFeed } from "./experiment-feed.ts";

const noFeed = () => () => {};

/** Opens the feed of an experiment while the component is shown; null until it is open. */
export function useFeed(id: string): { readonly state: FeedState; readonly refresh: () => void } | null {
  const [feed, setFeed] = useState<Feed | null>(null);
  useEffect(() => {
    const opened = openFeed(id);
    setFeed(opened);
    return () => opened.close();
  }, [id]);
  const state = useSyncExternalStore(feed?.subscribe ?? noFeed, () => feed?.state() ?? null);
  return feed === null || state === null ? null : { state, refresh: feed.refresh };
}
