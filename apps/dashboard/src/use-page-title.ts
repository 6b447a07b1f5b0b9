/** The browser tab's title, following the page. */
import { useEffect } from "react";

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Rightsize`;
  }, [title]);
}
