/** Elements along a side of the squares that a copy across goes by: both their rows and their columns stay in the cache. */
const TILE = 32;

/** Runs shorter than this many bytes are copied faster one by one. */
const LEAST_RUN_BYTES = 64;

type Units = Uint8Array | Uint16Array | Uint32Array;

/** One axis of a box: how many elements, and how many units from one to the next on either side. */
interface Axis {
  readonly size: number;
  readonly step: number;
  readonly outStep: number;
}

/**
 * Copies a box of elements from one place to another: in runs where both lie without gaps, in squares where the axes
 * lie across each other. Bits are copied, never numbers.
 * @param first element of `bytes` that is the box's first, and `to` that of `out`; strides are elements.
 * @param width bytes of one element.
 */
export function copyStrided(
  bytes: Uint8Array,
  first: number,
  strides: readonly number[],
  out: Uint8Array,
  to: number,
  outStrides: readonly number[],
  extent: readonly number[],
  width: number,
): void {
  if (extent.includes(0)) return;
  const unit = unitBytes(width, bytes, out);
  const words = width / unit;
  const axes = joinedAxes(extent, strides, outStrides, words);
  const source = asUnits(bytes, unit);
  const target = asUnits(out, unit);
  if (axes.length === 0) axes.push({ size: 1, step: words, outStep: words });
  // the axis along which either side is nearest to going straight on
  const near = nearest(axes, ({ step }) => step);
  const outNear = nearest(axes, ({ outStep }) => outStep);
  const others = axes.filter((axis) => axis !== near && axis !== outNear);
  forEachStart(others, first * words, to * words, (from, put) => {
    if (near === outNear) copyRun(source, from, target, put, near, words, unit);
    else copyAcross(source, from, target, put, near, outNear, words);
  });
}

/** The widest unit that divides an element and where both buffers begin. */
function unitBytes(width: number, bytes: Uint8Array, out: Uint8Array): 1 | 2 | 4 {
  const fits = (unit: number): boolean =>
    width % unit === 0 && bytes.byteOffset % unit === 0 && out.byteOffset % unit === 0;
  return fits(4) ? 4 : fits(2) ? 2 : 1;
}

function asUnits(bytes: Uint8Array, unit: 1 | 2 | 4): Units {
  if (unit === 1) return bytes;
  const count = Math.floor(bytes.byteLength / unit);
  return unit === 2
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, count)
    : new Uint32Array(bytes.buffer, bytes.byteOffset, count);
}

/** The axes in units, without those of one element; neighbours that one step goes through on both sides become one. */
function joinedAxes(
  extent: readonly number[],
  strides: readonly number[],
  outStrides: readonly number[],
  words: number,
): Axis[] {
  const axes: Axis[] = [];
  extent.forEach((size, index) => {
    if (size === 1) return;
    const axis = { size, step: strides[index]! * words, outStep: outStrides[index]! * words };
    const outer = axes.at(-1);
    if (outer && outer.step === axis.step * size && outer.outStep === axis.outStep * size)
      axes[axes.length - 1] = { ...axis, size: outer.size * size };
    else axes.push(axis);
  });
  return axes;
}

function nearest(axes: readonly Axis[], stepOf: (axis: Axis) => number): Axis {
  return axes.reduce((best, axis) => (Math.abs(stepOf(axis)) < Math.abs(stepOf(best)) ? axis : best));
}

/** Calls for every combination of coordinates along the axes, the last one fastest, with where each begins on both sides. */
function forEachStart(
  axes: readonly Axis[],
  first: number,
  to: number,
  use: (from: number, put: number) => void,
): void {
  const coordinate = new Array<number>(axes.length).fill(0);
  let from = first;
  let put = to;
  for (;;) {
    use(from, put);
    let at = axes.length - 1;
    for (; at >= 0; at--) {
      const { size, step, outStep } = axes[at]!;
      from += step;
      put += outStep;
      if (++coordinate[at]! < size) break;
      from -= step * size;
      put -= outStep * size;
      coordinate[at] = 0;
    }
    if (at < 0) return;
  }
}

function copyRun(
  source: Units,
  from: number,
  target: Units,
  to: number,
  { size, step, outStep }: Axis,
  words: number,
  unit: number,
): void {
  if (step === words && outStep === words && size * words * unit >= LEAST_RUN_BYTES) {
    target.set(source.subarray(from, from + size * words), to);
    return;
  }
  for (let i = 0, put = to; i < size; i++, from += step, put += outStep) {
    for (let word = 0; word < words; word++) target[put + word] = source[from + word]!;
  }
}

/** Copies a plane whose near axis on one side is not the near one on the other, square by square. */
function copyAcross(
  source: Units,
  from: number,
  target: Units,
  to: number,
  near: Axis,
  outNear: Axis,
  words: number,
): void {
  for (let row = 0; row < near.size; row += TILE) {
    const rows = Math.min(TILE, near.size - row);
    for (let column = 0; column < outNear.size; column += TILE) {
      const columns = Math.min(TILE, outNear.size - column);
      const at = from + row * near.step + column * outNear.step;
      const put = to + row * near.outStep + column * outNear.outStep;
      copySquare(source, at, target, put, { rows, columns, words }, near, outNear);
    }
  }
}

function copySquare(
  source: Units,
  from: number,
  target: Units,
  to: number,
  { rows, columns, words }: { readonly rows: number; readonly columns: number; readonly words: number },
  { step: rowStep, outStep: outRowStep }: Axis,
  { step, outStep }: Axis,
): void {
  for (let row = 0; row < rows; row++) {
    let at = from + row * rowStep;
    let put = to + row * outRowStep;
    for (let column = 0; column < columns; column++) {
      target[put] = source[at]!;
      for (let word = 1; word < words; word++) target[put + word] = source[at + word]!;
      at += step;
      put += outStep;
    }
  }
}
