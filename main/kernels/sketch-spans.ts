/** What the upper halves of floats stand for: spans of the number line, in order, each with how many values lie in it. */
import { binOf } from '#main/kernels/binning.ts';

export interface Span {
  /** Finite, from ≤ to. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Values in the spans before. */
  readonly before: number;
}

/** The first upper half of an infinity, and of a negative number. */
const INFINITE = 0x7f80;
const NEGATIVE = 0x8000;

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** Of the magnitude with this upper half, the least; of the infinite one, what would come next. */
function magnitudeOf(half: number): number {
  word[0] = half * 65_536;
  return half === INFINITE ? 2 ** 128 : float[0]!;
}

/**
 * Spans of the upper halves that occur, cut off at the least and the greatest value, ascending.
 * @param counts by the upper half as it is.
 */
export function spansOf(counts: Float64Array, min: number, max: number): Span[] {
  const spans: Span[] = [];
  let before = 0;
  const add = (half: number, from: number, to: number) => {
    const count = counts[half]!;
    if (count === 0) return;
    spans.push({ from: within(from, min, max), to: within(to, min, max), count, before });
    before += count;
  };
  // of negative numbers the larger half comes first
  for (let half = INFINITE - 1; half >= 0; half--) {
    add(NEGATIVE + half, -magnitudeOf(half + 1), -magnitudeOf(half));
  }
  for (let half = 0; half < INFINITE; half++) add(half, magnitudeOf(half), magnitudeOf(half + 1));
  return spans;
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

/** How large a share of the values within the edges lies in spans that are wider than two of the bins they lie in. */
export function coarseShare(spans: readonly Span[], edges: Float64Array): number {
  const [low, high] = [edges[0]!, edges[edges.length - 1]!];
  let all = 0;
  let coarse = 0;
  for (const { from, to, count } of spans) {
    if (to < low || from > high) continue;
    const bin = binOf(edges, within((from + to) / 2, low, high));
    all += count;
    if (to - from > 2 * (edges[bin + 1]! - edges[bin]!)) coarse += count;
  }
  return all === 0 ? 0 : coarse / all;
}

/**
 * How many values lie below each edge, and for the last one at it, too: those of a span evenly spread over it.
 * @returns whole numbers, ascending, so that their differences lose and gain no value.
 */
export function countsAtEdges(spans: readonly Span[], edges: Float64Array): Float64Array {
  const below = new Float64Array(edges.length);
  let next = 0;
  edges.forEach((edge, index) => {
    const isLast = index === edges.length - 1;
    while (next < spans.length && isBelow(spans[next]!, edge, isLast)) next++;
    const span = spans[next];
    const passed = span ? span.before : totalOf(spans);
    below[index] = Math.round(passed + (span ? partBelow(span, edge) : 0));
  });
  return below;
}

function isBelow({ from, to }: Span, edge: number, isLast: boolean): boolean {
  return from === to ? (isLast ? to <= edge : to < edge) : to <= edge;
}

function partBelow({ from, to, count }: Span, edge: number): number {
  return edge > from ? count * ((edge - from) / (to - from)) : 0;
}

function totalOf(spans: readonly Span[]): number {
  const last = spans.at(-1);
  return last ? last.before + last.count : 0;
}
