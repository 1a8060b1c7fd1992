/** NumPy-like slices: `0:4,:,-1`, `...`, steps of either sign. */
import { AppError } from '#shared/errors.ts';

export interface SliceAxis {
  /** First index taken. */
  readonly start: number;
  /** Indices taken. */
  readonly count: number;
  /** Distance between them; negative counts down. */
  readonly step: number;
  /** A single index takes the axis away from the result. */
  readonly isDropped: boolean;
}

/**
 * Resolves a slice against a shape, one entry an axis. Ranges are clipped as NumPy clips them.
 * @throws AppError `invalid-params` for text that is no slice, too many parts, or an index out of range.
 */
export function parseSlice(text: string, shape: readonly number[]): SliceAxis[] {
  const parts = text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
  const ellipsis = parts.indexOf('...');
  if (ellipsis !== parts.lastIndexOf('...')) throw invalid(text, 'an ellipsis can stand only once');
  const given = parts.length - (ellipsis === -1 ? 0 : 1);
  if (given > shape.length) {
    throw invalid(text, `${given} parts for a tensor of ${shape.length} dimensions`);
  }
  const gap = new Array<string>(shape.length - given).fill(':');
  const at = ellipsis === -1 ? parts.length : ellipsis;
  const full = [...parts.slice(0, at), ...gap, ...parts.slice(ellipsis === -1 ? at : at + 1)];
  return full.map((part, axis) => parseAxis(part, shape[axis]!, axis, text));
}

/** Takes all of a shape. */
export function fullSlice(shape: readonly number[]): SliceAxis[] {
  return shape.map((dimension) => ({ start: 0, count: dimension, step: 1, isDropped: false }));
}

/** The shape of what a slice takes. */
export function sliceShape(axes: readonly SliceAxis[]): number[] {
  return axes.filter((axis) => !axis.isDropped).map((axis) => axis.count);
}

const INTEGER = /^[+-]?\d{1,15}$/;

function parseAxis(part: string, dimension: number, axis: number, text: string): SliceAxis {
  if (INTEGER.test(part)) {
    const index = Number(part) < 0 ? Number(part) + dimension : Number(part);
    if (index < 0 || index >= dimension) {
      throw invalid(
        text,
        `index ${Number(part)} is out of range for axis ${axis} with ${dimension} elements`,
      );
    }
    return { start: index, count: 1, step: 1, isDropped: true };
  }
  const ends = part.split(':').map((end) => end.trim());
  const isRange =
    ends.length >= 2 && ends.length <= 3 && ends.every((end) => end === '' || INTEGER.test(end));
  if (!isRange) throw invalid(text, `"${part}" is neither an index nor a range`);
  const step = ends[2] ? Number(ends[2]) : 1;
  if (step === 0) throw invalid(text, 'a step cannot be 0');
  const [low, high] = step > 0 ? [0, dimension] : [-1, dimension - 1];
  const clip = (end: string | undefined, otherwise: number): number => {
    if (!end) return otherwise;
    const value = Number(end) < 0 ? Number(end) + dimension : Number(end);
    return Math.min(high, Math.max(low, value));
  };
  const start = clip(ends[0], step > 0 ? 0 : dimension - 1);
  const stop = clip(ends[1], step > 0 ? dimension : -1);
  return { start, count: Math.max(0, Math.ceil((stop - start) / step)), step, isDropped: false };
}

function invalid(text: string, why: string): AppError {
  return new AppError('invalid-params', `the slice ${text} does not fit: ${why}`, {
    expected: 'one index or start:stop:step an axis, separated by commas',
    found: text,
  });
}
