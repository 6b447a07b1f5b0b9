/** Which lines of a very long list are in view: only those are drawn. Every line has the same height. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

export interface Lines {
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
}

/** Lines drawn beyond the view on both sides, so that scrolling and the tab key meet no gap. */
const spare = 8;

/** Lines of a list in view. `top` is the list's upper edge over the view's (negative when scrolled past), in pixels. */
export function linesInView(count: number, lineHeight: number, top: number, viewHeight: number): Lines {
  const first = Math.max(0, Math.floor(-top / lineHeight) - spare);
  const end = Math.min(count, Math.ceil((viewHeight - top) / lineHeight) + spare);
  return { first: Math.min(first, count), end: Math.max(end, Math.min(first, count)) };
}

/** Follows the page's scrolling. The line's height is that of the list's first element child, `lineHeight` before there is one. */
export function useWindow(count: number): { list: RefObject<HTMLOListElement | null>; lines: Lines; lineHeight: number } {
  const list = useRef<HTMLOListElement>(null);
  const [lineHeight, setLineHeight] = useState(76);
  const [lines, setLines] = useState<Lines>({ first: 0, end: Math.min(count, 30) });
  const look = () => {
    const element = list.current;
    if (element === null) return;
    const height = element.firstElementChild?.getBoundingClientRect().height || lineHeight;
    if (Math.abs(height - lineHeight) > 0.5) setLineHeight(height);
    const next = linesInView(count, height, element.getBoundingClientRect().top, innerHeight);
    setLines((before) => (before.first === next.first && before.end === next.end ? before : next));
  };
  const latest = useRef(look);
  latest.current = look;
  useLayoutEffect(() => latest.current(), [count]);
  useEffect(() => {
    let frame = 0;
    const soon = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        latest.current();
      });
    };
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, []);
  return { list, lines, lineHeight };
}
