import { createTrainingModule, type Arena, type TrainingModule } from '#main/kernels/training-module.ts';
import { AppError } from '#shared/errors.ts';

/** Dense elements in C order. The trainer's own are f32; f64 serves models that are stored so, and the checks of formulas. */
export type Values = Float32Array | Float64Array;

export type Precision = 'f32' | 'f64';

/** Memory that kernels compute in, with the instance of the thread that made it. */
export type Memory = TrainingModule & Arena;

/** Zeros outside any memory. */
export function allocate(precision: Precision, elementCount: number): Values {
  return precision === 'f32' ? new Float32Array(elementCount) : new Float64Array(elementCount);
}

/** @throws AppError `limit`. */
export function createMemory(): Memory {
  return withinLimits(createTrainingModule);
}

/** Zeros inside a memory, where kernels reach them; there they end on a vector's boundary. @throws AppError `limit`. */
export function allocateIn(memory: Memory, precision: Precision, elementCount: number): Values {
  const byteLength = elementCount * (precision === 'f32' ? 4 : 8);
  const at = withinLimits(() => memory.reserve(byteLength));
  const { buffer } = memory.memory;
  return precision === 'f32'
    ? new Float32Array(buffer, at, elementCount)
    : new Float64Array(buffer, at, elementCount);
}

function withinLimits<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError(
      'limit',
      'the network and its batch do not fit into memory',
      { hint: 'use smaller layers or a smaller batch' },
      error,
    );
  }
}

export function precisionOf(values: Values): Precision {
  return values instanceof Float32Array ? 'f32' : 'f64';
}

/** The values rounded to a precision; the same memory where they have it already. */
export function inPrecision(values: Values, precision: Precision): Values {
  if (precisionOf(values) === precision) return values;
  return precision === 'f32' ? Float32Array.from(values) : Float64Array.from(values);
}

/** The bytes of the values, shared with them: canonical, since every machine we run on is little-endian. */
export function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The other way: canonical bytes that lie where values of their width may. */
export function valuesOver(precision: Precision, bytes: Uint8Array): Values {
  return precision === 'f32'
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    : new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}
