// XXH64 with seed 0: Cyan4973/xxHash doc/xxhash_spec.md. 64-bit words are kept as two halves, which no BigInt comes near in speed.

interface Word {
  high: number;
  low: number;
}

const PRIME_1: Word = { high: 0x9e3779b1, low: 0x85ebca87 };
const PRIME_2: Word = { high: 0xc2b2ae3d, low: 0x27d4eb4f };
const PRIME_3: Word = { high: 0x165667b1, low: 0x9e3779f9 };
const PRIME_4: Word = { high: 0x85ebca77, low: 0xc2b2ae63 };
const PRIME_5: Word = { high: 0x27d4eb2f, low: 0x165667c5 };

const STRIPE_BYTES = 32;

function add(word: Word, other: Word): void {
  const low = (word.low >>> 0) + (other.low >>> 0);
  word.high = (word.high + other.high + (low > 0xffffffff ? 1 : 0)) | 0;
  word.low = low | 0;
}

function multiply(word: Word, by: Word): void {
  const a = word.low & 0xffff;
  const b = word.low >>> 16;
  const c = by.low & 0xffff;
  const d = by.low >>> 16;
  const low = a * c;
  const middle = b * c + (low >>> 16);
  const other = a * d + (middle & 0xffff);
  const high = b * d + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
  word.high = (Math.imul(word.high, by.low) + Math.imul(word.low, by.high) + (high | 0)) | 0;
  word.low = ((other & 0xffff) << 16) | (low & 0xffff);
}

/** @param count below 32. */
function rotate(word: Word, count: number): void {
  const { high, low } = word;
  word.high = (high << count) | (low >>> (32 - count));
  word.low = (low << count) | (high >>> (32 - count));
}

function xor(word: Word, high: number, low: number): void {
  word.high ^= high;
  word.low ^= low;
}

/** xors the word with itself shifted right. */
function shiftXor(word: Word, count: number): void {
  const { high, low } = word;
  if (count >= 32) return xor(word, 0, high >>> (count - 32));
  xor(word, high >>> count, (low >>> count) | (high << (32 - count)));
}

/** The lower 32 bits of the hash, which is what Zstandard keeps; an unsigned number. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  low(): number;
}

export function xxhash64(): RunningHash {
  const lanes: Word[] = [
    { high: 0, low: 0 },
    { high: PRIME_2.high, low: PRIME_2.low },
    { high: 0, low: 0 },
    { high: 0, low: 0 },
  ];
  add(lanes[0]!, PRIME_1);
  add(lanes[0]!, PRIME_2);
  // 0 − PRIME_1
  lanes[3] = { high: ~PRIME_1.high, low: ~PRIME_1.low };
  add(lanes[3], { high: 0, low: 1 });
  const rest = new Uint8Array(STRIPE_BYTES);
  let restBytes = 0;
  let total = 0;
  const input: Word = { high: 0, low: 0 };

  function round(lane: Word, bytes: Uint8Array, at: number): void {
    read(input, bytes, at);
    multiply(input, PRIME_2);
    add(lane, input);
    rotate(lane, 31);
    multiply(lane, PRIME_1);
  }

  function stripe(bytes: Uint8Array, at: number): void {
    for (let lane = 0; lane < 4; lane++) round(lanes[lane]!, bytes, at + 8 * lane);
  }

  return {
    update: (bytes) => {
      total += bytes.byteLength;
      let at = 0;
      if (restBytes > 0) {
        at = Math.min(STRIPE_BYTES - restBytes, bytes.byteLength);
        rest.set(bytes.subarray(0, at), restBytes);
        restBytes += at;
        if (restBytes < STRIPE_BYTES) return;
        stripe(rest, 0);
      }
      for (; at + STRIPE_BYTES <= bytes.byteLength; at += STRIPE_BYTES) stripe(bytes, at);
      rest.set(bytes.subarray(at));
      restBytes = bytes.byteLength - at;
    },
    low: () => finish(lanes, rest.subarray(0, restBytes), total),
  };
}

function read(into: Word, bytes: Uint8Array, at: number): void {
  into.low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  into.high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
}

function finish(lanes: readonly Word[], rest: Uint8Array, total: number): number {
  const hash: Word = { ...PRIME_5 };
  const word: Word = { high: 0, low: 0 };
  if (total >= STRIPE_BYTES) {
    Object.assign(hash, { high: 0, low: 0 });
    for (const [at, count] of [1, 7, 12, 18].entries()) {
      Object.assign(word, lanes[at]);
      rotate(word, count);
      add(hash, word);
    }
    for (const lane of lanes) {
      Object.assign(word, lane);
      multiply(word, PRIME_2);
      rotate(word, 31);
      multiply(word, PRIME_1);
      xor(hash, word.high, word.low);
      multiply(hash, PRIME_1);
      add(hash, PRIME_4);
    }
  }
  add(hash, { high: Math.floor(total / 2 ** 32), low: total | 0 });
  let at = 0;
  for (; at + 8 <= rest.byteLength; at += 8) {
    read(word, rest, at);
    multiply(word, PRIME_2);
    rotate(word, 31);
    multiply(word, PRIME_1);
    xor(hash, word.high, word.low);
    rotate(hash, 27);
    multiply(hash, PRIME_1);
    add(hash, PRIME_4);
  }
  if (at + 4 <= rest.byteLength) {
    const low = rest[at]! | (rest[at + 1]! << 8) | (rest[at + 2]! << 16) | (rest[at + 3]! << 24);
    Object.assign(word, { high: 0, low });
    multiply(word, PRIME_1);
    xor(hash, word.high, word.low);
    rotate(hash, 23);
    multiply(hash, PRIME_2);
    add(hash, PRIME_3);
    at += 4;
  }
  for (; at < rest.byteLength; at++) {
    Object.assign(word, { high: 0, low: rest[at]! });
    multiply(word, PRIME_5);
    xor(hash, word.high, word.low);
    rotate(hash, 11);
    multiply(hash, PRIME_1);
  }
  shiftXor(hash, 33);
  multiply(hash, PRIME_2);
  shiftXor(hash, 29);
  multiply(hash, PRIME_3);
  shiftXor(hash, 32);
  return hash.low >>> 0;
}
