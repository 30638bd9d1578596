/** Where a scrolling list of rows of one height stands: its rows are drawn accordingly (`row-window.ts`). */
import { type RefObject, useEffect, useLayoutEffect, useState } from "react";
import { flushSync } from "react-dom";

export type RowView = { readonly scrollTop: number; readonly viewHeight: number; readonly rowHeight: number };

/** As tall as a row on a desktop, in a view of an ordinary screen: what is drawn before it is measured. */
const UNMEASURED: RowView = { scrollTop: 0, viewHeight: 800, rowHeight: 27 };

/** @param row a selector of rows in the list; the first one is measured */
export const useRowView = (list: RefObject<HTMLElement | null>, row: string): RowView => {
  const [view, setView] = useState(UNMEASURED);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = (): void => {
      const rowHeight = element.querySelector(row)?.getBoundingClientRect().height ?? 0;
      setView((before) => {
        const now = {
          scrollTop: element.scrollTop,
          viewHeight: element.clientHeight,
          // A list that is not shown has no height to measure.
          rowHeight: rowHeight || before.rowHeight,
        };
        return now.rowHeight === before.rowHeight &&
          now.viewHeight === before.viewHeight &&
          now.scrollTop === before.scrollTop
          ? before
          : now;
      });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [list, row]);
  useEffect(() => {
    const element = list.current;
    // Drawn at once: otherwise a frame would show an empty list.
    const onScroll = (): void =>
      flushSync(() => setView((before) => ({ ...before, scrollTop: element?.scrollTop ?? 0 })));
    element?.addEventListener("scroll", onScroll, { passive: true });
    return () => element?.removeEventListener("scroll", onScroll);
  }, [list]);
  return view;
};
