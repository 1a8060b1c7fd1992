/**
 * What stands between two matrix products: biases and activations, PyTorch's formulas.
 * Elementwise loops go over whole vectors: their buffers begin on a vector's boundary and reach to one.
 */
import { erf, exp, sigmoid, tanh } from './functions';

// the numbers of `ACTIVATIONS` in shared/run.ts
const RELU: u32 = 0;
const TANH: u32 = 1;
const SIGMOID: u32 = 2;
const GELU: u32 = 3;
const GELU_TANH: u32 = 4;
const LEAKY_RELU: u32 = 5;

const SQRT_HALF: f64 = 0.7071067811865476;
/** 1 / sqrt(2 pi): the normal density at 0. */
const DENSITY_AT_0: f64 = 0.3989422804014327;
/** sqrt(2 / pi) and the cubic's factor, of the approximation by tanh. */
const TANH_SCALE: f64 = 0.7978845608028654;
const TANH_CUBIC: f64 = 0.044715;

/** y = f(x) over `count` elements; the leak is leaky ReLU's factor of what is below 0. */
function activate<T>(kind: u32, leak: f64, x: usize, y: usize, count: usize): void {
  if (kind === RELU) return rectify<T>(x, y, count);
  if (kind === LEAKY_RELU) return rectifyLeaky<T>(x, y, count, leak);
  const end = x + count * sizeof<T>();
  for (; x < end; x += sizeof<T>()) {
    const value = <f64>load<T>(x);
    store<T>(y, <T>valueAt(kind, value));
    y += sizeof<T>();
  }
}

/** Turns the gradient of y into that of x, in place. */
function slope<T>(kind: u32, leak: f64, x: usize, y: usize, gradient: usize, count: usize): void {
  if (kind === RELU) return rectifySlope<T>(x, gradient, count);
  if (kind === LEAKY_RELU) return rectifyLeakySlope<T>(x, gradient, count, leak);
  const end = x + count * sizeof<T>();
  for (; x < end; x += sizeof<T>()) {
    const factor = slopeAt(kind, <f64>load<T>(x), <f64>load<T>(y));
    store<T>(gradient, <T>(<f64>load<T>(gradient) * factor));
    y += sizeof<T>();
    gradient += sizeof<T>();
  }
}

/** x where it is above 0 or no number, else 0. */
function rectify<T>(x: usize, y: usize, count: usize): void {
  const zero = v128.splat<T>(<T>0);
  const end = x + count * sizeof<T>();
  for (; x < end; x += 16) {
    const value = v128.load(x);
    v128.store(y, v128.bitselect(zero, value, v128.le<T>(value, zero)));
    y += 16;
  }
}

/** The gradient at 0 is that of below. */
function rectifySlope<T>(x: usize, gradient: usize, count: usize): void {
  const zero = v128.splat<T>(<T>0);
  const end = x + count * sizeof<T>();
  for (; x < end; x += 16) {
    const isBelow = v128.le<T>(v128.load(x), zero);
    v128.store(gradient, v128.bitselect(zero, v128.load(gradient), isBelow));
    gradient += 16;
  }
}

/** x where it is above 0 or no number, else x times the leak. */
function rectifyLeaky<T>(x: usize, y: usize, count: usize, leak: f64): void {
  const zero = v128.splat<T>(<T>0);
  const factor = v128.splat<T>(<T>leak);
  const end = x + count * sizeof<T>();
  for (; x < end; x += 16) {
    const value = v128.load(x);
    v128.store(y, v128.bitselect(v128.mul<T>(value, factor), value, v128.le<T>(value, zero)));
    y += 16;
  }
}

/** The gradient at 0 is that of below. */
function rectifyLeakySlope<T>(x: usize, gradient: usize, count: usize, leak: f64): void {
  const zero = v128.splat<T>(<T>0);
  const factor = v128.splat<T>(<T>leak);
  const end = x + count * sizeof<T>();
  for (; x < end; x += 16) {
    const flow = v128.load(gradient);
    const isBelow = v128.le<T>(v128.load(x), zero);
    v128.store(gradient, v128.bitselect(v128.mul<T>(flow, factor), flow, isBelow));
    gradient += 16;
  }
}

function valueAt(kind: u32, x: f64): f64 {
  if (kind === TANH) return tanh(x);
  if (kind === SIGMOID) return sigmoid(x);
  if (kind === GELU) return 0.5 * x * (1 + erf(x * SQRT_HALF));
  if (kind === GELU_TANH) return 0.5 * x * (1 + tanh(TANH_SCALE * (x + TANH_CUBIC * x * x * x)));
  return x;
}

function slopeAt(kind: u32, x: f64, y: f64): f64 {
  if (kind === TANH) return 1 - y * y;
  if (kind === SIGMOID) return y * (1 - y);
  if (kind === GELU) return 0.5 * (1 + erf(x * SQRT_HALF)) + x * DENSITY_AT_0 * exp(-0.5 * x * x);
  if (kind === GELU_TANH) {
    const t = tanh(TANH_SCALE * (x + TANH_CUBIC * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * TANH_SCALE * (1 + 3 * TANH_CUBIC * x * x);
  }
  return 1;
}

/** Every row becomes `row`. */
function fillRows<T>(row: usize, out: usize, rows: usize, width: usize): void {
  const byteLength = width * sizeof<T>();
  for (let i: usize = 0; i < rows; i++) {
    memory.copy(out, row, byteLength);
    out += byteLength;
  }
}

/**
 * Sums of columns, rows in order, added to what is in `out` where it `continues`. What the last vector has beyond the
 * width is no column's, and goes where nothing is read.
 */
function columnSums<T>(x: usize, rows: usize, width: usize, out: usize, continues: bool): void {
  const byteLength = width * sizeof<T>();
  for (let at: usize = 0; at < byteLength; at += 16) {
    let sum = continues ? v128.load(out + at) : v128.splat<T>(<T>0);
    let from = x + at;
    for (let i: usize = 0; i < rows; i++) {
      sum = v128.add<T>(sum, v128.load(from));
      from += byteLength;
    }
    v128.store(out + at, sum);
  }
}

export function activate32(kind: u32, leak: f64, x: usize, y: usize, count: usize): void {
  activate<f32>(kind, leak, x, y, count);
}

export function activate64(kind: u32, leak: f64, x: usize, y: usize, count: usize): void {
  activate<f64>(kind, leak, x, y, count);
}

export function slope32(kind: u32, leak: f64, x: usize, y: usize, gradient: usize, count: usize): void {
  slope<f32>(kind, leak, x, y, gradient, count);
}

export function slope64(kind: u32, leak: f64, x: usize, y: usize, gradient: usize, count: usize): void {
  slope<f64>(kind, leak, x, y, gradient, count);
}

export function fillRows32(row: usize, out: usize, rows: usize, width: usize): void {
  fillRows<f32>(row, out, rows, width);
}

export function fillRows64(row: usize, out: usize, rows: usize, width: usize): void {
  fillRows<f64>(row, out, rows, width);
}

export function columnSums32(x: usize, rows: usize, width: usize, out: usize, continues: bool): void {
  columnSums<f32>(x, rows, width, out, continues);
}

export function columnSums64(x: usize, rows: usize, width: usize, out: usize, continues: bool): void {
  columnSums<f64>(x, rows, width, out, continues);
}
