/** XXH64 with seed 0 (Cyan4973/xxHash, doc/xxhash_spec.md): four lanes, so that no multiplication waits for the one before. */

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

const STRIPE_BYTES: usize = 32;

/** @param lanes four u64. */
export function hashStart(lanes: usize): void {
  store<u64>(lanes, PRIME_1 + PRIME_2);
  store<u64>(lanes, PRIME_2, 8);
  store<u64>(lanes, 0, 16);
  store<u64>(lanes, -PRIME_1, 24);
}

/** @param byteLength a multiple of 32. */
export function hashStripes(at: usize, byteLength: usize, lanes: usize): void {
  let a = load<u64>(lanes);
  let b = load<u64>(lanes, 8);
  let c = load<u64>(lanes, 16);
  let d = load<u64>(lanes, 24);
  for (const end = at + byteLength; at < end; at += STRIPE_BYTES) {
    a = round(a, load<u64>(at));
    b = round(b, load<u64>(at, 8));
    c = round(c, load<u64>(at, 16));
    d = round(d, load<u64>(at, 24));
  }
  store<u64>(lanes, a);
  store<u64>(lanes, b, 8);
  store<u64>(lanes, c, 16);
  store<u64>(lanes, d, 24);
}

/** @param rest where what no stripe took lies, fewer than 32 bytes. @param total bytes of everything. */
export function hashFinish(lanes: usize, rest: usize, total: f64): u64 {
  const all = <u64>total;
  let hash = all < <u64>STRIPE_BYTES ? PRIME_5 : merged(lanes);
  hash += all;
  const end = rest + <usize>(all & (<u64>STRIPE_BYTES - 1));
  for (; rest + 8 <= end; rest += 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(rest)), 27) * PRIME_1 + PRIME_4;
  }
  if (rest + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(rest) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    rest += 4;
  }
  for (; rest < end; rest++) hash = rotl<u64>(hash ^ (<u64>load<u8>(rest) * PRIME_5), 11) * PRIME_1;
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

function merged(lanes: usize): u64 {
  let hash =
    rotl<u64>(load<u64>(lanes), 1) +
    rotl<u64>(load<u64>(lanes, 8), 7) +
    rotl<u64>(load<u64>(lanes, 16), 12) +
    rotl<u64>(load<u64>(lanes, 24), 18);
  for (let lane: usize = 0; lane < 32; lane += 8) {
    hash = (hash ^ round(0, load<u64>(lanes + lane))) * PRIME_1 + PRIME_4;
  }
  return hash;
}

function round(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * PRIME_2, 31) * PRIME_1;
}
