// ggml TQ1_0, TQ2_0: 256 values of -1, 0 or 1 times a scale.
import { half } from '#test/kit/plain-blocks/block-fields.ts';
import type { BlockDecoder } from '#test/kit/plain-blocks/plain-blocks.ts';

/** Runs of bytes that hold one ternary digit of `lanes` values after the other: 5 a byte, 4 in the last run. */
const RUNS = [
  { from: 0, lanes: 32, digits: 5 },
  { from: 32, lanes: 16, digits: 5 },
  { from: 48, lanes: 4, digits: 4 },
] as const;

const tq1: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at + 52);
  let next = to;
  for (const { from, lanes, digits } of RUNS) {
    let power = 1;
    for (let digit = 0; digit < digits; digit++, power *= 3) {
      for (let lane = 0; lane < lanes; lane++) {
        // a byte is a fraction of 256: times three, its whole part is the next digit
        const rest = (blocks[at + from + lane]! * power) & 255;
        out[next++] = (((rest * 3) >> 8) - 1) * scale;
      }
    }
  }
};

const tq2: BlockDecoder = (blocks, at, out, to) => {
  const scale = half(blocks, at + 64);
  for (let i = 0; i < 256; i++) {
    const codes = blocks[at + 32 * (i >> 7) + (i & 31)]!;
    out[to + i] = (((codes >> (2 * ((i >> 5) & 3))) & 3) - 1) * scale;
  }
};

export const ternary: readonly (readonly [string, BlockDecoder])[] = [
  ['tq1_0', tq1],
  ['tq2_0', tq2],
];
