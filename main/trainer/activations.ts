import { erf, exp, sigmoid, tanh } from '#main/trainer/transcendental.ts';
import type { Values } from '#main/trainer/values.ts';
import type { ActivationName } from '#shared/run.ts';

/** An activation over the first `count` elements; forward beside backward. */
export interface Activation {
  /** y = f(x). */
  forward(x: Values, y: Values, count: number): void;
  /** Turns the gradient of y into that of x, in place. */
  backward(x: Values, y: Values, gradient: Values, count: number): void;
}

/** From a function and its slope, which may use the value that is there already. */
function elementwise(value: (x: number) => number, slope: (x: number, y: number) => number): Activation {
  return {
    forward: (x, y, count) => {
      for (let i = 0; i < count; i++) y[i] = value(x[i]!);
    },
    backward: (x, y, gradient, count) => {
      for (let i = 0; i < count; i++) gradient[i] = gradient[i]! * slope(x[i]!, y[i]!);
    },
  };
}

/** PyTorch's: the gradient at 0 is 0, and a NaN stays one. */
const relu: Activation = {
  forward: (x, y, count) => {
    for (let i = 0; i < count; i++) {
      const value = x[i]!;
      y[i] = value <= 0 ? 0 : value;
    }
  },
  backward: (x, _y, gradient, count) => {
    for (let i = 0; i < count; i++) if (x[i]! <= 0) gradient[i] = 0;
  },
};

const LEAK = 0.01;
const SQRT_HALF = Math.SQRT1_2;
/** 1 / sqrt(2 pi): the normal density at 0. */
const DENSITY_AT_0 = 0.3989422804014327;
/** sqrt(2 / pi) and the cubic's factor, of the approximation by tanh. */
const TANH_SCALE = 0.7978845608028654;
const TANH_CUBIC = 0.044715;

function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x * SQRT_HALF));
}

function geluSlope(x: number): number {
  return 0.5 * (1 + erf(x * SQRT_HALF)) + x * DENSITY_AT_0 * exp(-0.5 * x * x);
}

function geluTanh(x: number): number {
  return 0.5 * x * (1 + tanh(TANH_SCALE * (x + TANH_CUBIC * x * x * x)));
}

function geluTanhSlope(x: number): number {
  const t = tanh(TANH_SCALE * (x + TANH_CUBIC * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * TANH_SCALE * (1 + 3 * TANH_CUBIC * x * x);
}

/** Formulas are PyTorch's, default arguments included. */
export const ACTIVATION_FUNCTIONS: Readonly<Record<ActivationName, Activation>> = {
  relu,
  tanh: elementwise(tanh, (_x, y) => 1 - y * y),
  sigmoid: elementwise(sigmoid, (_x, y) => y * (1 - y)),
  gelu: elementwise(gelu, geluSlope),
  'gelu-tanh': elementwise(geluTanh, geluTanhSlope),
  'leaky-relu': elementwise(
    (x) => (x > 0 ? x : x * LEAK),
    (x) => (x > 0 ? 1 : LEAK),
  ),
  identity: elementwise(
    (x) => x,
    () => 1,
  ),
};
