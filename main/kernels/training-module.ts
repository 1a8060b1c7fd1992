/** The compiled training kernels: instances on a memory that several threads share. */
import { base64 } from '#main/kernels/assembly/training.ts?wasm';

/** Kernels of one precision. Addresses and steps are bytes of the module's memory; counts, rows and widths are elements. */
export interface TrainingKernels {
  packLeft(a: number, rowStep: number, depthStep: number, rows: number, depth: number, out: number): void;
  packRight(
    b: number,
    columnStep: number,
    depthStep: number,
    columns: number,
    depth: number,
    out: number,
  ): void;
  multiply(
    left: number,
    right: number,
    c: number,
    rowStep: number,
    columnStep: number,
    rows: number,
    columns: number,
    depth: number,
    continues: boolean,
  ): void;
  /** `leak` is leaky ReLU's alone. */
  activate(kind: number, leak: number, x: number, y: number, count: number): void;
  slope(kind: number, leak: number, x: number, y: number, gradient: number, count: number): void;
  fillRows(row: number, out: number, rows: number, width: number): void;
  columnSums(x: number, rows: number, width: number, out: number, continues: boolean): void;
  crossEntropy(
    outputs: number,
    labels: number,
    gradient: number,
    rows: number,
    width: number,
    smoothing: number,
    total: number,
    losses: number,
    right: number,
  ): void;
  squaredError(
    outputs: number,
    values: number,
    gradient: number,
    rows: number,
    width: number,
    total: number,
    losses: number,
  ): void;
  sgd(
    parameter: number,
    gradient: number,
    velocity: number,
    count: number,
    learningRate: number,
    weightDecay: number,
    momentum: number,
    keep: number,
    gain: number,
    nesterov: boolean,
  ): void;
  adam(
    parameter: number,
    gradient: number,
    first: number,
    second: number,
    highest: number,
    count: number,
    stepSize: number,
    correction: number,
    shrink: number,
    penalty: number,
    beta1: number,
    beta2: number,
    eps: number,
  ): void;
  rmsprop(
    parameter: number,
    gradient: number,
    squares: number,
    velocity: number,
    means: number,
    count: number,
    learningRate: number,
    weightDecay: number,
    alpha: number,
    momentum: number,
    eps: number,
  ): void;
  adagrad(
    parameter: number,
    gradient: number,
    sums: number,
    count: number,
    learningRate: number,
    weightDecay: number,
    eps: number,
  ): void;
  average(averages: number, parameter: number, count: number, share: number): void;
  scale(values: number, count: number, factor: number): void;
  squareSum(values: number, count: number): number;
  dropout(
    values: number,
    start: number,
    count: number,
    threshold: number,
    factor: number,
    key0: number,
    key1: number,
    c1: number,
    c2: number,
    c3: number,
  ): void;
}

/** Functions of one number in f64, with the same bits everywhere. */
export interface ScalarFunctions {
  exp(x: number): number;
  log(x: number): number;
  tanh(x: number): number;
  cosine(x: number): number;
  erf(x: number): number;
  /** The inverse of the normal distribution function. */
  normalQuantile(probability: number): number;
  /**
   * The first `count` normal numbers of the stream with this key and these upper words of its counter.
   * @returns a view that is valid until the next call.
   */
  normals(count: number, key0: number, key1: number, index: number, label: number): Float64Array;
}

/** One thread's instance on a memory. */
export interface TrainingModule {
  readonly memory: WebAssembly.Memory;
  readonly f32: TrainingKernels;
  readonly f64: TrainingKernels;
}

/** Rows of a left panel, and bytes of a row of a right one, as `assembly/product.ts` has them. */
export const LEFT_ROWS = 5;
export const RIGHT_BYTES = 32;

const PAGE_BYTES = 65_536;
/** The memory that the module is compiled for, in pages: see build/assembly.mjs. */
const LEAST_PAGES = 16;
const MOST_PAGES = 65_536;
/** A loop over rows may read a vector that reaches beyond the last of them. */
const VECTOR_BYTES = 16;
/** A cache line, so that no two threads write to one. */
const ALIGNMENT = 64;

interface Exports extends Omit<ScalarFunctions, 'normals'> {
  workspace(): number;
  useScratch(at: number): void;
  normals(out: number, count: number, key0: number, key1: number, index: number, label: number): void;
}

let compiled: WebAssembly.Module | undefined;

/** A part of memory by address, given out once. */
export interface Arena {
  /** Zeroed bytes on a cache line of their own. @throws RangeError where the memory cannot be had. */
  reserve(byteLength: number): number;
}

/** A memory of its own with its first instance. */
export function createTrainingModule(): TrainingModule & Arena {
  const memory = newMemory();
  const exports = instantiate(memory);
  const reserve = arenaOf(memory, exports.workspace());
  exports.useScratch(reserve(LEFT_ROWS * RIGHT_BYTES));
  return { ...moduleOf(memory, exports), reserve };
}

/**
 * Another thread's instance on the same memory.
 * @param scratch address of LEFT_ROWS * RIGHT_BYTES bytes for it alone.
 */
export function joinTrainingModule(memory: WebAssembly.Memory, scratch: number): TrainingModule {
  const exports = instantiate(memory);
  exports.useScratch(scratch);
  return moduleOf(memory, exports);
}

let scalars: ScalarFunctions | undefined;

/** This thread's own, with a memory that is nobody else's. */
export function scalarFunctions(): ScalarFunctions {
  scalars ??= createScalars();
  return scalars;
}

function createScalars(): ScalarFunctions {
  const memory = newMemory();
  const { normals, ...functions } = instantiate(memory);
  const reserve = arenaOf(memory, functions.workspace());
  let room = new Float64Array(memory.buffer, reserve(1024), 128);
  return {
    ...functions,
    normals: (count, key0, key1, index, label) => {
      if (count > room.length) room = new Float64Array(memory.buffer, reserve(8 * count), count);
      normals(room.byteOffset, count, key0, key1, index, label);
      return room.subarray(0, count);
    },
  };
}

function newMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: LEAST_PAGES, maximum: MOST_PAGES, shared: true });
}

/** Gives out a memory from an address on. */
function arenaOf(memory: WebAssembly.Memory, begin: number): Arena['reserve'] {
  let end = begin;
  return (byteLength) => {
    const at = end;
    end += Math.ceil((byteLength + VECTOR_BYTES) / ALIGNMENT) * ALIGNMENT;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    return at;
  };
}

function instantiate(memory: WebAssembly.Memory): Exports {
  compiled ??= new WebAssembly.Module(Buffer.from(base64, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Exports;
}

function moduleOf(memory: WebAssembly.Memory, exports: Exports): TrainingModule {
  return { memory, f32: kernelsOf(exports, '32'), f64: kernelsOf(exports, '64') };
}

/** The exports of a precision, without its bits in their names. */
function kernelsOf(exports: Exports, bits: '32' | '64'): TrainingKernels {
  const own = Object.entries(exports).filter(([name]) => name.endsWith(bits));
  return Object.fromEntries(own.map(([name, kernel]) => [name.slice(0, -2), kernel])) as never;
}
