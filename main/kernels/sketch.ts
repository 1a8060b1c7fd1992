/**
 * Values counted by their sixteen leading bits, in one pass: enough for a first picture with any bins, on any axis,
 * and for an exact one where a dtype has no more bits than that.
 */
import { emptyBins } from '#main/kernels/binning.ts';
import {
  binCodes,
  codeCounter,
  hasFewCodes,
  momentsOfCodes,
  occurringCodes,
  roundedHalfCounter,
  upperHalfCounter,
  type CodeCounter,
  type CodeCounts,
} from '#main/kernels/code-counts.ts';
import { emptyMoments, mergeMoments, windowMoments, type Moments } from '#main/kernels/moments.ts';
import { numbersBytes, numbersView, placeNumbers } from '#main/kernels/numbers.ts';
import { coarseShare, countsAtEdges, spansOf, type Span } from '#main/kernels/sketch-spans.ts';
import {
  addWholeNumbers,
  emptyWholeNumbers,
  isWhole,
  mergeWholeNumbers,
  type WholeNumbers,
} from '#main/kernels/whole-numbers.ts';
import { elementByteLength } from '#shared/dtype.ts';
import type { Histogram } from '#shared/statistics.ts';

/** Counts and moments of all values; where the extremes are is not known of a dtype with few codes. */
export interface Sketch extends Readonly<Moments> {
  readonly dtype: string;
  /** By code where the dtype has few, else by the upper half of the float that a value rounds to. */
  readonly codeCounts: Float64Array;
  /** Of i64 and u64. */
  readonly whole?: Readonly<WholeNumbers>;
}

/** What one thread found in its part of a tensor: little enough to be sent to another. */
export interface SketchPart extends CodeCounts {
  /** Of each window in turn, as the order of merging them is part of a result; none where the codes tell all. */
  readonly windows: readonly Moments[];
  /** Of i64 and u64. */
  readonly whole?: Readonly<WholeNumbers>;
}

/** A sketch that is under way; its memory is lent to it. */
export interface Sketcher {
  /** Adds one window of canonical bytes. */
  add(bytes: Uint8Array): void;
  /** Of all that was added so far. */
  part(): SketchPart;
  release(): void;
}

/** @param dtype one whose values have an order. */
export function sketcher(dtype: string): Sketcher {
  return hasFewCodes(dtype) ? losslessSketcher(dtype) : roundedSketcher(dtype);
}

function losslessSketcher(dtype: string): Sketcher {
  const counter = codeCounter(dtype);
  return {
    add: counter.add,
    part: () => ({ dtype, ...counter.occurring(), windows: [] }),
    release: counter.release,
  };
}

function roundedSketcher(dtype: string): Sketcher {
  const counter: CodeCounter = dtype === 'f32' ? upperHalfCounter() : roundedHalfCounter();
  const windows: Moments[] = [];
  const whole = isWhole(dtype) ? emptyWholeNumbers() : undefined;
  return {
    add: (bytes) => {
      if (whole) addWholeNumbers(whole, dtype, bytes);
      const numbers = placeNumbers(dtype, bytes);
      windows.push(windowMoments(numbersView(numbers), dtype));
      counter.add(numbersBytes(numbers));
    },
    part: () => ({ dtype, ...counter.occurring(), windows, ...(whole ? { whole } : {}) }),
    release: counter.release,
  };
}

/** The sketch of what parts were found of, however it was cut. @param parts at least one, in the order of the elements. */
export function mergedSketch(parts: readonly SketchPart[]): Sketch {
  const { dtype } = parts[0]!;
  const codeCounts = new Float64Array(elementByteLength(dtype) === 1 ? 256 : 65_536);
  for (const { codes, counts } of parts) {
    for (let at = 0; at < codes.length; at++) codeCounts[codes[at]!]! += counts[at]!;
  }
  if (hasFewCodes(dtype)) {
    return { dtype, codeCounts, ...momentsOfCodes({ dtype, ...occurringCodes(codeCounts) }) };
  }
  const moments = emptyMoments();
  for (const { windows } of parts) for (const window of windows) mergeMoments(moments, window);
  if (!isWhole(dtype)) return { dtype, codeCounts, ...moments };
  const whole = emptyWholeNumbers();
  for (const part of parts) mergeWholeNumbers(whole, part.whole!);
  return { dtype, codeCounts, whole, ...moments };
}

/** Of the values, that may lie in codes wider than two bins: with more, a picture would show steps that are not there. */
const MOST_COARSE = 0.05;

/**
 * The bins of what was sketched: exact for a dtype with few codes, else spread evenly over what each code stands for.
 * @returns undefined where codes are too wide for the bins.
 */
export function sketchedBins(sketch: Sketch, edges: Float64Array): Histogram | undefined {
  const { dtype, codeCounts, nan, positiveInfinity, negativeInfinity, finite } = sketch;
  if (hasFewCodes(dtype)) {
    const bins = emptyBins(edges.length - 1);
    binCodes({ dtype, ...occurringCodes(codeCounts) }, bins, edges);
    return { edges, ...bins, exact: true };
  }
  const spans = knownSpans(sketch);
  if (!spans || coarseShare(spans, edges) > MOST_COARSE) return undefined;
  const below = countsAtEdges(spans, edges);
  return {
    edges,
    counts: Float64Array.from({ length: edges.length - 1 }, (_, bin) => below[bin + 1]! - below[bin]!),
    below: below[0]!,
    above: finite - below[edges.length - 1]!,
    nan,
    positiveInfinity,
    negativeInfinity,
    exact: false,
  };
}

/** A value that so large a share of the finite ones is below, as near as the codes tell it; undefined where they do not. */
export function sketchedQuantile(sketch: Sketch, probability: number): number | undefined {
  const spans = hasFewCodes(sketch.dtype) ? undefined : knownSpans(sketch);
  if (!spans) return undefined;
  const wanted = probability * sketch.finite;
  const span = spans.find(({ before, count }) => before + count >= wanted) ?? spans.at(-1);
  return span && span.from + (span.to - span.from) * ((wanted - span.before) / span.count);
}

/** Undefined where doubles beyond the floats were taken for infinite. */
function knownSpans(sketch: Sketch): readonly Span[] | undefined {
  const spans = spansOf(sketch.codeCounts, sketch.min, sketch.max);
  const last = spans.at(-1);
  return (last ? last.before + last.count : 0) === sketch.finite ? spans : undefined;
}
