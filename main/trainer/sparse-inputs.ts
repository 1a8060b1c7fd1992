import type { Values } from '#main/trainer/values.ts';

/**
 * Pictures of digits are four fifths zeros. These two products leave them out and give the same bits as `multiply`:
 * adding a zero changes no sum, provided that nothing it is multiplied with is infinite or NaN, which is checked.
 */
export interface SparseInputs {
  /** Places of the non-zero elements along one axis, list after list. */
  readonly places: Int32Array;
  readonly elements: Float64Array;
  /** Where each list starts; one more than there are lists. */
  readonly starts: Int32Array;
}

/** Inputs with more non-zeros than this share are cheaper to multiply densely. */
const SPARSE_SHARE = 0.45;

/** Room for inputs of up to `rows` x `width`. */
export function sparseScratch(rows: number, width: number): SparseInputs {
  const capacity = Math.floor(rows * width * SPARSE_SHARE);
  return {
    places: new Int32Array(capacity),
    elements: new Float64Array(capacity),
    starts: new Int32Array(Math.max(rows, width) + 1),
  };
}

/** Lists the non-zeros of each row (`lists` rows, `listStep` apart) or, with the strides swapped, of each column. @returns whether they are few. */
function compress(
  x: Values,
  lists: number,
  listStep: number,
  depth: number,
  step: number,
  scratch: SparseInputs,
): boolean {
  const { places, elements, starts } = scratch;
  const limit = Math.floor(lists * depth * SPARSE_SHARE);
  let used = 0;
  for (let list = 0; list < lists; list++) {
    starts[list] = used;
    let at = list * listStep;
    for (let place = 0; place < depth; place++) {
      const element = x[at]!;
      if (element !== 0) {
        if (used === limit) return false;
        places[used] = place;
        elements[used++] = element;
      }
      at += step;
    }
  }
  starts[lists] = used;
  return true;
}

/** y = x Wᵀ for x rows x inputs, W outputs x inputs. @returns false, with nothing done, where that is no gain or not exact. */
export function multiplySparse(
  x: Values,
  weight: Values,
  y: Values,
  rows: number,
  outputs: number,
  inputs: number,
  scratch: SparseInputs,
): boolean {
  if (outputs < 4 || !compress(x, rows, inputs, inputs, 1, scratch)) return false;
  if (!areFinite(weight, weight.length)) return false;
  gather(scratch, rows, weight, outputs, inputs, y, 1, outputs);
  return true;
}

/** dW = dyᵀ x for dy rows x outputs, x rows x inputs; `turned` has room for dy. @returns as `multiplySparse`. */
export function weightGradientSparse(
  gradient: Values,
  x: Values,
  weightGradient: Values,
  rows: number,
  outputs: number,
  inputs: number,
  scratch: SparseInputs,
  turned: Values,
): boolean {
  if (outputs < 4 || !compress(x, inputs, 1, rows, inputs, scratch)) return false;
  if (!areFinite(gradient, rows * outputs)) return false;
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      turned[output * rows + row] = gradient[row * outputs + output]!;
    }
  }
  gather(scratch, inputs, turned, outputs, rows, weightGradient, inputs, 1);
  return true;
}

/** out[o * outStep + list * listStep] = sum over the list of element * b[o * depth + place]; four o at a time. */
function gather(
  sparse: SparseInputs,
  lists: number,
  b: Values,
  outputs: number,
  depth: number,
  out: Values,
  outStep: number,
  listStep: number,
): void {
  const { places, elements, starts } = sparse;
  for (let tile = 0; tile < outputs; tile += 4) {
    const output = Math.min(tile, outputs - 4);
    const b0 = output * depth;
    const b1 = b0 + depth;
    const b2 = b1 + depth;
    const b3 = b2 + depth;
    for (let list = 0; list < lists; list++) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      const end = starts[list + 1]!;
      for (let n = starts[list]!; n < end; n++) {
        const place = places[n]!;
        const element = elements[n]!;
        s0 += element * b[b0 + place]!;
        s1 += element * b[b1 + place]!;
        s2 += element * b[b2 + place]!;
        s3 += element * b[b3 + place]!;
      }
      const at = output * outStep + list * listStep;
      out[at] = s0;
      out[at + outStep] = s1;
      out[at + 2 * outStep] = s2;
      out[at + 3 * outStep] = s3;
    }
  }
}

function areFinite(values: Values, count: number): boolean {
  let sum = 0;
  // 0 times anything finite is 0; times the rest it is NaN, which stays
  for (let i = 0; i < count; i++) sum += values[i]! * 0;
  return sum === 0;
}
