/** ggml's block dtypes (ggml-common.h): elements in a block share a scale, so a block is the least that can be stored or read. */

/** A run of equal words inside a block, where byte order matters: the machine that wrote it held them as numbers. */
export interface BlockWords {
  /** Bytes from the start of the block. */
  readonly offset: number;
  /** Bytes of one word. */
  readonly width: 2 | 4;
  readonly count: number;
}

export interface BlockLayout {
  /** ggml's name in lower case. */
  readonly name: string;
  readonly elements: number;
  readonly byteLength: number;
  /** All that is not listed is single bytes. */
  readonly words: readonly BlockWords[];
}

function halves(offset: number, count = 1): BlockWords {
  return { offset, width: 2, count };
}

function words(offset: number, count: number): BlockWords {
  return { offset, width: 4, count };
}

function row(name: string, elements: number, byteLength: number, ...list: BlockWords[]): BlockLayout {
  return { name, elements, byteLength, words: list };
}

export const BLOCK_LAYOUTS: readonly BlockLayout[] = [
  row('q4_0', 32, 18, halves(0)),
  row('q4_1', 32, 20, halves(0, 2)),
  // the high bits are declared as bytes, yet copied in and out as one word
  row('q5_0', 32, 22, halves(0), words(2, 1)),
  row('q5_1', 32, 24, halves(0, 2), words(4, 1)),
  row('q8_0', 32, 34, halves(0)),
  row('q8_1', 32, 36, halves(0, 2)),
  row('q2_k', 256, 84, halves(80, 2)),
  row('q3_k', 256, 110, halves(108)),
  row('q4_k', 256, 144, halves(0, 2)),
  row('q5_k', 256, 176, halves(0, 2)),
  row('q6_k', 256, 210, halves(208)),
  row('q8_k', 256, 292, words(0, 1), halves(260, 16)),
  row('iq2_xxs', 256, 66, halves(0), words(2, 16)),
  row('iq2_xs', 256, 74, halves(0, 33)),
  row('iq2_s', 256, 82, halves(0)),
  row('iq3_xxs', 256, 98, halves(0), words(66, 8)),
  row('iq3_s', 256, 110, halves(0)),
  row('iq1_s', 256, 50, halves(0), halves(34, 8)),
  row('iq1_m', 256, 56, halves(48, 4)),
  row('iq4_nl', 32, 18, halves(0)),
  row('iq4_xs', 256, 136, halves(0, 2)),
  row('tq1_0', 256, 54, halves(52)),
  row('tq2_0', 256, 66, halves(64)),
  row('mxfp4', 32, 17),
  row('nvfp4', 64, 36),
  row('q1_0', 128, 18, halves(0)),
  row('q2_0', 64, 18, halves(0)),
];

const BY_NAME: ReadonlyMap<string, BlockLayout> = new Map(
  BLOCK_LAYOUTS.map((layout) => [layout.name, layout]),
);

/** The layout of a block dtype; undefined for every other dtype. */
export function blockLayout(dtype: string): BlockLayout | undefined {
  return BY_NAME.get(dtype);
}
