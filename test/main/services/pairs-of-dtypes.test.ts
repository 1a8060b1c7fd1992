import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareCheckpoints } from '#main/services/comparison.ts';
import { createCompute } from '#main/services/compute.ts';
import { countOf, laidOut, placements, type Placement } from '#test/kit/laid-out.ts';
import {
  bitsOf,
  codesOf,
  isFinite,
  meaningOf,
  minus,
  numberOf,
  PARTS,
  REAL_DTYPES,
  roundedCode,
  SIGNED_FLOATS,
  type Meaning,
} from '#test/kit/number-kinds.ts';
import { holding } from '#test/kit/one-tensor.ts';
import { isRounded, isRoundedTo } from '#test/kit/roundings.ts';
import type { ComparisonRow } from '#shared/statistics.ts';

const TOLERANCE = [0.25, 0.125] as const;

interface Side {
  readonly dtype: string;
  readonly codes: readonly bigint[];
  readonly placement: Placement;
}

const planOf = ({ dtype, placement, codes }: Side) => laidOut(dtype, placement, (index) => codes[index]!);

async function rowOf(a: Side, b: Side, isTolerant: boolean): Promise<ComparisonRow> {
  const { rows } = await compareCheckpoints(
    holding(planOf(a)),
    holding(planOf(b)),
    createCompute(undefined),
    {
      signal: new AbortController().signal,
      progress: () => {},
      ...(isTolerant ? { tolerance: TOLERANCE } : {}),
    },
  );
  return rows[0]!;
}

/** Codes of numbers: the parts of complex ones, the real one first. */
function numbersOf(
  dtype: string,
  codes: readonly bigint[],
): { readonly dtype: string; readonly codes: readonly bigint[] } {
  const part = PARTS[dtype];
  if (!part) return { dtype, codes };
  const bits = bitsOf(part);
  return { dtype: part, codes: codes.flatMap((code) => [BigInt.asUintN(bits, code), code >> BigInt(bits)]) };
}

/** The padding of x87 numbers is no part of them. */
const withoutPadding = (dtype: string, code: bigint) => (dtype === 'f80' ? BigInt.asUintN(80, code) : code);

interface Pair {
  readonly isSameBits: boolean;
  /** |a - b|, rounded once; 0 of the same infinity, and of one NaN. */
  readonly distance: number;
  readonly a: number;
  readonly b: number;
  readonly isCast: boolean;
  readonly steps: bigint;
}

function pairsOf(sideA: Side, sideB: Side): Pair[] {
  const [left, right] = [numbersOf(sideA.dtype, sideA.codes), numbersOf(sideB.dtype, sideB.codes)];
  const isSameDtype = sideA.dtype === sideB.dtype;
  return left.codes.map((code, index): Pair => {
    const [codeA, codeB] = [
      withoutPadding(left.dtype, code),
      withoutPadding(right.dtype, right.codes[index]!),
    ];
    const [a, b] = [meaningOf(left.dtype, codeA), meaningOf(right.dtype, codeB)];
    const isSameBits = isSameDtype && codeA === codeB;
    const steps = isSameDtype && isFinite(a) && isFinite(b) ? stepsBetween(left.dtype, codeA, codeB) : 0n;
    return {
      isSameBits,
      distance: isSameBits ? 0 : distanceOf(a, b),
      a: numberOf(a),
      b: numberOf(b),
      isCast: isRounded(a, right.dtype, b) || isRounded(b, left.dtype, a),
      steps,
    };
  });
}

function distanceOf(a: Meaning, b: Meaning): number {
  if (isFinite(a) && isFinite(b)) return Math.abs(numberOf(minus(a, b)));
  if (a === 'nan' || b === 'nan') return NaN;
  return a === b ? 0 : Infinity;
}

function stepsBetween(dtype: string, a: bigint, b: bigint): bigint {
  const distance = placeOf(dtype, a) - placeOf(dtype, b);
  return distance < 0n ? -distance : distance;
}

/** Codes of sign and magnitude count from zero; those of powers of two are places themselves. */
function placeOf(dtype: string, code: bigint): bigint {
  if (dtype === 'f80') {
    const magnitude = (((code >> 64n) & 0x7fffn) << 63n) | (code & ((1n << 63n) - 1n));
    return (code >> 79n) & 1n ? -magnitude : magnitude;
  }
  if (!SIGNED_FLOATS.includes(dtype)) return code;
  const sign = 1n << BigInt(bitsOf(dtype) - 1);
  return code >= sign ? sign - code : code;
}

/** Doubles cannot hold them; distances are then rounded more than once. */
const WIDE = new Set(['i64', 'u64', 'f80']);

function expectRow(row: ComparisonRow, a: Side, b: Side, isTolerant: boolean): void {
  const pairs = pairsOf(a, b);
  const parts = PARTS[a.dtype] ? 2 : 1;
  const isSameDtype = a.dtype === b.dtype;
  const unequal = pairs.filter(({ distance }) => distance !== 0);
  const counted = pairs.map(({ isSameBits, distance }) => (isSameDtype ? !isSameBits : distance !== 0));
  const changed = a.codes.filter((_, index) =>
    counted.slice(index * parts, (index + 1) * parts).includes(true),
  );
  expect(row.changed).toBe(changed.length);
  if (isSameDtype && changed.length === 0)
    return expect(row).toMatchObject({ state: 'identical', maxAbs: 0 });

  const isClose = pairs.every(
    ({ distance, b: right }) =>
      distance === 0 || distance - TOLERANCE[0] - TOLERANCE[1] * Math.abs(right) <= 0,
  );
  const otherwise = isSameDtype ? 'different' : 'dtype';
  const state =
    unequal.length === 0 ? 'equal-values' : isTolerant && isClose ? 'within-tolerance' : otherwise;
  expect(row.state).toBe(state);
  if (!isSameDtype) expect(row.cast ?? false).toBe(unequal.every(({ isCast }) => isCast));
  const isFloat = REAL_DTYPES.includes(a.dtype) && (a.dtype.startsWith('f') || a.dtype === 'bf16');
  const steps = pairs.reduce((most, pair) => (pair.steps > most ? pair.steps : most), 0n);
  if (isSameDtype && isFloat) expect(BigInt(row.maxUlp!)).toBe(steps);
  expectFurthest(row, pairs, parts, a.placement.shape, WIDE.has(a.dtype) || WIDE.has(b.dtype));
  expectSums(row, pairs);
}

function expectFurthest(
  row: ComparisonRow,
  pairs: readonly Pair[],
  parts: number,
  shape: readonly number[],
  isWide: boolean,
): void {
  const distances = pairs.map(({ distance }) => distance);
  const most = distances.some(Number.isNaN) ? NaN : Math.max(0, ...distances);
  if (isWide && Number.isFinite(most)) {
    expect(Math.abs(row.maxAbs! - most)).toBeLessThanOrEqual(most * 2 ** -51);
  } else {
    expect(row.maxAbs).toBe(most);
  }
  if (most === 0) return expect(row.at).toBeUndefined();
  const element = row.at!.reduce((place, coordinate, axis) => place * shape[axis]! + coordinate, 0);
  if (isWide && Number.isFinite(most)) {
    expect(distances[element]!).toBeGreaterThanOrEqual(most * (1 - 2 ** -51));
  } else {
    expect(element).toBe(Math.floor(distances.findIndex((distance) => Object.is(distance, most)) / parts));
  }
}

/** Where no square leaves the range of a double. */
function expectSums(row: ComparisonRow, pairs: readonly Pair[]): void {
  const sum = (term: (pair: Pair) => number) => pairs.reduce((total, pair) => total + term(pair), 0);
  const squaresA = sum(({ a }) => a * a);
  const squaresB = sum(({ b }) => b * b);
  const isUsual = [squaresA, squaresB].every((squares) => squares > 1e-200 && squares < 1e200);
  if (!isUsual) return;
  const relative = Math.sqrt(sum(({ distance }) => distance * distance) / squaresA);
  expect(Math.abs(row.relativeL2! - relative)).toBeLessThanOrEqual(1e-12 * relative);
  const cosine = sum(({ a, b }) => a * b) / Math.sqrt(squaresA) / Math.sqrt(squaresB);
  // by the squares alone, as the difference may be far smaller than they are
  const ratio = Math.max(squaresA / squaresB, squaresB / squaresA);
  expect(Math.abs(row.cosine! - cosine)).toBeLessThanOrEqual(1e-12 * Math.sqrt(ratio));
}

/** The other side's code: most often what the first one's number rounds to, or one beside it. */
function partnerOf(dtypeA: string, dtypeB: string, code: bigint, mode: number, other: bigint): bigint {
  if (mode === 0) return other;
  if (dtypeA === dtypeB) return mode === 1 ? code ^ 1n : code;
  const [from, to] = [numbersOf(dtypeA, [code]), numbersOf(dtypeB, [other])];
  const width = BigInt(bitsOf(to.dtype));
  return from.codes.reduceRight((all, part, at) => {
    const meaning = meaningOf(from.dtype, part);
    const isNear = isFinite(meaning) && isRoundedTo(to.dtype) && to.dtype !== 'f8_e8m0';
    return (all << width) | (isNear ? roundedCode(to.dtype, meaning) : to.codes[at]!);
  }, 0n);
}

const shapes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  fc.tuple(fc.integer({ min: 20, max: 90 })),
  fc.constant([3, 0, 2]),
);

function sides(dtypeA: string, dtypeB: string): fc.Arbitrary<readonly [Side, Side]> {
  return shapes.chain((shape) => {
    const count = countOf(shape);
    const exactly = { minLength: count, maxLength: count };
    const modes = fc.oneof(fc.constant(2), fc.constantFrom(1, 2), fc.constantFrom(0, 1, 2));
    return fc
      .record({
        codes: fc.array(codesOf(dtypeA), exactly),
        others: fc.array(codesOf(dtypeB), exactly),
        modes: modes.chain((most) => fc.array(fc.constantFrom(2, most), exactly)),
        a: placements(fc.constant(shape)),
        b: placements(fc.constant(shape)),
      })
      .map(({ codes, others, modes: chosen, a, b }) => [
        { dtype: dtypeA, codes, placement: a },
        {
          dtype: dtypeB,
          codes: codes.map((code, at) => partnerOf(dtypeA, dtypeB, code, chosen[at]!, others[at]!)),
          placement: b,
        },
      ]);
  });
}

async function check(dtypeA: string, dtypeB: string, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(sides(dtypeA, dtypeB), fc.boolean(), async ([a, b], isTolerant) => {
      expectRow(await rowOf(a, b, isTolerant), a, b, isTolerant);
    }),
    { numRuns },
  );
}

describe('two tensors of one dtype, however either is laid out,', () => {
  it.each([...REAL_DTYPES, ...Object.keys(PARTS)])('of %s differ as the definition says', (dtype) =>
    check(dtype, dtype, 30),
  );
});

describe('two tensors of different dtypes, however either is laid out,', () => {
  it.each([
    ['f32', 'bf16'],
    ['f32', 'f16'],
    ['f64', 'f32'],
    ['f64', 'f16'],
    ['f16', 'f8_e4m3'],
    ['bf16', 'f8_e5m2'],
    ['f32', 'f8_e4m3fnuz'],
    ['f16', 'f8_e5m2fnuz'],
    ['f8_e8m0', 'f32'],
    ['f4_e2m1', 'f8_e4m3'],
    ['f6_e2m3', 'f16'],
    ['f6_e3m2', 'f64'],
    ['f4_e2m1', 'bf16'],
    ['i64', 'f64'],
    ['i64', 'f32'],
    ['u64', 'f64'],
    ['i64', 'u64'],
    ['i32', 'f32'],
    ['bool', 'u8'],
    ['bool', 'f32'],
    ['f80', 'f64'],
    ['f80', 'f32'],
    ['c128', 'c64'],
    ['c64', 'c32'],
  ])('%s and %s, differ as the definition says, and either way round', async (a, b) => {
    await check(a, b, 20);
    await check(b, a, 20);
  });

  it('of any two dtypes with an order differ as the definition says', async () => {
    const dtypes = fc.constantFrom(...REAL_DTYPES);
    const cases = fc.tuple(dtypes, dtypes).chain(([a, b]) => sides(a, b));
    await fc.assert(
      fc.asyncProperty(cases, fc.boolean(), async ([a, b], isTolerant) => {
        expectRow(await rowOf(a, b, isTolerant), a, b, isTolerant);
      }),
      { numRuns: 300 },
    );
  });
});
