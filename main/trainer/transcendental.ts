import { scalarFunctions } from '#main/kernels/training-module.ts';

/**
 * The functions whose last bit IEEE 754 leaves open come from the kernels' module, not from the engine. Everything else
 * the trainer does is exact arithmetic, so that a run has the same bits everywhere.
 */
export function log(x: number): number {
  return scalarFunctions().log(x);
}

export function cosine(x: number): number {
  return scalarFunctions().cosine(x);
}

/** The inverse of the normal distribution function, for probabilities between 0 and 1. */
export function normalQuantile(probability: number): number {
  return scalarFunctions().normalQuantile(probability);
}

/** `base` to a whole power, by squaring: multiplications alone, hence the same everywhere. */
export function wholePower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
