/**
 * Copies a box of elements from one place to another, element by element or in runs where both lie without gaps.
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
  const rank = extent.length;
  const coordinate = new Array<number>(rank).fill(0);
  const run = rank === 0 ? 1 : extent[rank - 1]!;
  const step = rank === 0 ? 1 : strides[rank - 1]!;
  const outStep = rank === 0 ? 1 : outStrides[rank - 1]!;
  const runs = extent.slice(0, -1).reduce((product, size) => product * size, 1);
  let from = first * width;
  let put = to * width;
  for (let done = 0; done < runs; done++) {
    if (step === 1 && outStep === 1) out.set(bytes.subarray(from, from + run * width), put);
    else copyRun(bytes, from, step * width, out, put, outStep * width, run, width);
    for (let axis = rank - 2; axis >= 0; axis--) {
      coordinate[axis]!++;
      from += strides[axis]! * width;
      put += outStrides[axis]! * width;
      if (coordinate[axis]! < extent[axis]!) break;
      from -= strides[axis]! * extent[axis]! * width;
      put -= outStrides[axis]! * extent[axis]! * width;
      coordinate[axis] = 0;
    }
  }
}

function copyRun(
  bytes: Uint8Array,
  from: number,
  step: number,
  out: Uint8Array,
  to: number,
  outStep: number,
  count: number,
  width: number,
): void {
  for (let i = 0; i < count; i++, from += step, to += outStep) {
    for (let byte = 0; byte < width; byte++) out[to + byte] = bytes[from + byte]!;
  }
}
