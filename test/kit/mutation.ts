/** Seeded damage to bytes, aware of what headers are made of: lengths, counts, offsets, tags. */

export interface Mutation {
  readonly title: string;
  readonly bytes: Uint8Array;
  /** First and last byte that is not as it was, end exclusive; to the end where the length changed. */
  readonly touched: readonly [begin: number, end: number];
}

/** mulberry32: small, seeded, the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const EVIL_NUMBERS: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** The file cut short: at every byte, or at so many places spread evenly. */
export function* truncations(original: Uint8Array, most = Infinity): Generator<Mutation> {
  const { byteLength } = original;
  const stride = Math.max(1, Math.ceil(byteLength / most));
  for (let at = 0; at < byteLength; at += stride) {
    yield { title: `cut at ${at}`, bytes: original.slice(0, at), touched: [at, byteLength] };
  }
}

/** One random change. Damage gathers where headers are: at either end, half of the time. */
export function mutate(original: Uint8Array, random: () => number): Mutation {
  const length = original.byteLength;
  const pick = (most: number) => Math.floor(random() * most);
  const place = () => {
    const zone = random();
    if (zone < 0.3) return pick(Math.min(length, 512));
    if (zone < 0.5) return length - 1 - pick(Math.min(length, 512));
    return pick(length);
  };
  const kind = pick(7);
  const at = place();
  const bytes = original.slice();
  switch (kind) {
    case 0: {
      bytes[at]! ^= 1 << pick(8);
      return { title: `bit of byte ${at}`, bytes, touched: [at, at + 1] };
    }
    case 1: {
      bytes[at] = pick(256);
      return { title: `byte ${at}`, bytes, touched: [at, at + 1] };
    }
    case 2: {
      const width = [1, 2, 4, 8][pick(4)]!;
      const value = EVIL_NUMBERS[pick(EVIL_NUMBERS.length)]!;
      const isBig = random() < 0.3;
      const end = Math.min(length, at + width);
      for (let i = at; i < end; i++) {
        const digit = isBig ? width - 1 - (i - at) : i - at;
        bytes[i] = Number((value >> BigInt(8 * digit)) & 0xffn);
      }
      return { title: `number ${value} at ${at}`, bytes, touched: [at, end] };
    }
    case 3:
      return { title: `cut at ${at}`, bytes: bytes.slice(0, at), touched: [at, length] };
    case 4: {
      const from = place();
      const size = Math.min(1 + pick(32), length - from, length - at);
      bytes.set(original.subarray(from, from + size), at);
      return { title: `${size} bytes of ${from} at ${at}`, bytes, touched: [at, at + size] };
    }
    case 5: {
      const size = 1 + pick(16);
      const inserted = new Uint8Array(length + size);
      inserted.set(original.subarray(0, at));
      for (let i = 0; i < size; i++) inserted[at + i] = pick(256);
      inserted.set(original.subarray(at), at + size);
      return { title: `${size} bytes put in at ${at}`, bytes: inserted, touched: [at, length + size] };
    }
    default: {
      const size = Math.min(1 + pick(64), length - at);
      bytes.fill(0, at, at + size);
      return { title: `${size} zeros at ${at}`, bytes, touched: [at, at + size] };
    }
  }
}
