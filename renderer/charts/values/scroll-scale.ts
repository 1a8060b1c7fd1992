/** Scrolling through more lines than a page can be tall: one axis of a grid of equal cells. */

/** Chromium lays out nothing beyond 2^25 pixels; well below, so that sums stay exact. */
const TALLEST = 16_000_000;

export interface ScrollScale {
  /** Pixels of the whole content, the fixed part included. */
  readonly content: number;
  /** The first visible cell, with its fraction, at a scroll position. */
  firstAt(scroll: number): number;
  /** The scroll position at which a cell is the first. */
  scrollTo(cell: number): number;
  /** Cells that fit. */
  readonly visible: number;
  /** Whether a pixel of scrolling is more than a pixel of cells. */
  readonly isScaled: boolean;
}

/**
 * @param count cells
 * @param cell pixels of one
 * @param view pixels that are seen, the fixed part included
 * @param fixed pixels of titles that do not scroll
 */
export function scrollScale(count: number, cell: number, view: number, fixed: number): ScrollScale {
  const full = count * cell + fixed;
  const content = Math.min(TALLEST, full);
  const visible = Math.max(0, view - fixed) / cell;
  const most = Math.max(0, count - visible);
  const travel = Math.max(0, content - view);
  return {
    content,
    visible,
    isScaled: full > TALLEST,
    firstAt: (scroll) => (travel === 0 ? 0 : Math.min(most, (scroll / travel) * most)),
    scrollTo: (first) => (most === 0 ? 0 : Math.min(travel, Math.max(0, (first / most) * travel))),
  };
}

/** The scroll position that shows a cell: the same where it is seen, as near as can be, the middle for one far away. */
export function revealing(scale: ScrollScale, scroll: number, cell: number): number {
  const first = scale.firstAt(scroll);
  const { visible } = scale;
  if (cell >= first && cell + 1 <= first + visible) return scroll;
  if (cell < first - 1 || cell > first + visible + 1) return scale.scrollTo(cell - visible / 2);
  return scale.scrollTo(cell < first ? cell : cell + 1 - visible);
}
