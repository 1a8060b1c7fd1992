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
} from '#main/kernels/code-counts.ts';
import { decode } from '#main/kernels/decode.ts';
import { emptyMoments, mergeMoments, windowMoments } from '#main/kernels/moments.ts';
import { coarseShare, countsAtEdges, spansOf, type Span } from '#main/kernels/sketch-spans.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface Sketch {
  readonly dtype: string;
  /** By code where the dtype has few, else by the upper half of the float that a value rounds to. */
  readonly counts: Float64Array;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Finite values. */
  readonly finite: number;
  /** Of the finite values, as doubles; Infinity and -Infinity where there are none. */
  readonly min: number;
  readonly max: number;
}

/** A sketch that is under way; its memory is lent to it. */
export interface Sketcher {
  /** Adds one window of canonical bytes. */
  add(bytes: Uint8Array): void;
  /** Of all that was added so far. */
  sketch(): Sketch;
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
    sketch: () => {
      const counts = counter.counts();
      return { dtype, counts, ...figuresOf(momentsOfCodes({ dtype, ...occurringCodes(counts) })) };
    },
    release: counter.release,
  };
}

function roundedSketcher(dtype: string): Sketcher {
  const counter: CodeCounter = dtype === 'f32' ? upperHalfCounter() : roundedHalfCounter();
  const moments = emptyMoments();
  return {
    add: (bytes) => {
      const values = decode(dtype, bytes);
      mergeMoments(moments, windowMoments(values, dtype));
      counter.add(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    },
    sketch: () => ({ dtype, counts: counter.counts(), ...figuresOf(moments) }),
    release: counter.release,
  };
}

type Figures = Omit<Sketch, 'dtype' | 'counts'>;

function figuresOf({ nan, positiveInfinity, negativeInfinity, finite, min, max }: Figures): Figures {
  return { nan, positiveInfinity, negativeInfinity, finite, min, max };
}

/** The sketch of all of what its parts are sketches of, in any order. @param parts at least one. */
export function mergedSketch(parts: readonly Sketch[]): Sketch {
  const [first, ...others] = parts as readonly [Sketch, ...Sketch[]];
  return others.reduce(
    (all, part) => ({
      dtype: all.dtype,
      counts: all.counts.map((count, code) => count + part.counts[code]!),
      nan: all.nan + part.nan,
      positiveInfinity: all.positiveInfinity + part.positiveInfinity,
      negativeInfinity: all.negativeInfinity + part.negativeInfinity,
      finite: all.finite + part.finite,
      min: Math.min(all.min, part.min),
      max: Math.max(all.max, part.max),
    }),
    first,
  );
}

/** Of the values, that may lie in codes wider than two bins: with more, a picture would show steps that are not there. */
const MOST_COARSE = 0.05;

/**
 * The bins of what was sketched: exact for a dtype with few codes, else spread evenly over what each code stands for.
 * @returns undefined where codes are too wide for the bins.
 */
export function sketchedBins(sketch: Sketch, edges: Float64Array): Histogram | undefined {
  const { dtype, counts, nan, positiveInfinity, negativeInfinity, finite } = sketch;
  if (hasFewCodes(dtype)) {
    const bins = emptyBins(edges.length - 1);
    binCodes({ dtype, ...occurringCodes(counts) }, bins, edges);
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
  const spans = spansOf(sketch.counts, sketch.min, sketch.max);
  const last = spans.at(-1);
  return (last ? last.before + last.count : 0) === sketch.finite ? spans : undefined;
}
