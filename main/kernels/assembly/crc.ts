/**
 * CRC-32 and CRC-32C, eight bytes a step ("slicing by eight", Kounavis and Berry 2005), over four stretches
 * at once, since one alone waits for its own table look-ups. Their remainders are joined as zlib's crc32_combine does.
 */

const TABLE_BYTES: usize = 8 * 1024;
const ISO: usize = memory.data(8 * 1024, 16);
const CASTAGNOLI: usize = memory.data(8 * 1024, 16);
const ISO_POLYNOMIAL: u32 = 0xedb88320;
const CASTAGNOLI_POLYNOMIAL: u32 = 0x82f63b78;

/** Shorter stretches are not worth the joining. */
const LEAST_STRETCH: usize = 1024;

fillTables(ISO, ISO_POLYNOMIAL);
fillTables(CASTAGNOLI, CASTAGNOLI_POLYNOMIAL);

/** Table k advances a byte by k further zero bytes. */
function fillTables(tables: usize, polynomial: u32): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ polynomial : crc >> 1;
    store<u32>(tables + byte * 4, crc);
  }
  for (let at: usize = 1024; at < TABLE_BYTES; at += 4) {
    const before = load<u32>(tables + at - 1024);
    store<u32>(tables + at, (before >> 8) ^ load<u32>(tables + ((before & 0xff) << 2)));
  }
}

/** @param seed the CRC of what lies before, 0 at the start. */
export function crc32(at: usize, byteLength: usize, seed: u32): u32 {
  return crc(ISO, ISO_POLYNOMIAL, at, byteLength, seed);
}

/** As `crc32`, with Castagnoli's polynomial. */
export function crc32c(at: usize, byteLength: usize, seed: u32): u32 {
  return crc(CASTAGNOLI, CASTAGNOLI_POLYNOMIAL, at, byteLength, seed);
}

function crc(tables: usize, polynomial: u32, at: usize, byteLength: usize, seed: u32): u32 {
  let remainder = ~seed;
  const stretch = (byteLength >> 2) & ~7;
  if (stretch >= LEAST_STRETCH) {
    let a = remainder;
    let b: u32 = 0;
    let c: u32 = 0;
    let d: u32 = 0;
    for (const end = at + stretch; at < end; at += 8) {
      a = eightBytes(tables, a, load<u64>(at));
      b = eightBytes(tables, b, load<u64>(at + stretch));
      c = eightBytes(tables, c, load<u64>(at + 2 * stretch));
      d = eightBytes(tables, d, load<u64>(at + 3 * stretch));
    }
    const advance = powerOfX(polynomial, <u64>stretch * 8);
    remainder = multiply(polynomial, a, advance) ^ b;
    remainder = multiply(polynomial, remainder, advance) ^ c;
    remainder = multiply(polynomial, remainder, advance) ^ d;
    at += 3 * stretch;
    byteLength -= 4 * stretch;
  }
  const end = at + byteLength;
  for (; at + 8 <= end; at += 8) remainder = eightBytes(tables, remainder, load<u64>(at));
  for (; at < end; at++) {
    remainder = (remainder >> 8) ^ load<u32>(tables + (((remainder ^ load<u8>(at)) & 0xff) << 2));
  }
  return ~remainder;
}

function eightBytes(tables: usize, remainder: u32, bytes: u64): u32 {
  const low = (<u32>bytes) ^ remainder;
  const high = <u32>(bytes >> 32);
  return (
    load<u32>(tables + ((low & 0xff) << 2), 7 * 1024) ^
    load<u32>(tables + (((low >> 8) & 0xff) << 2), 6 * 1024) ^
    load<u32>(tables + (((low >> 16) & 0xff) << 2), 5 * 1024) ^
    load<u32>(tables + ((low >> 24) << 2), 4 * 1024) ^
    load<u32>(tables + ((high & 0xff) << 2), 3 * 1024) ^
    load<u32>(tables + (((high >> 8) & 0xff) << 2), 2 * 1024) ^
    load<u32>(tables + (((high >> 16) & 0xff) << 2), 1024) ^
    load<u32>(tables + ((high >> 24) << 2))
  );
}

/** x to the given power modulo the polynomial; bits are reflected, so that 1 is the top bit. */
function powerOfX(polynomial: u32, exponent: u64): u32 {
  let result: u32 = 0x80000000;
  let square: u32 = 0x40000000;
  for (; exponent !== 0; exponent >>= 1) {
    if (exponent & 1) result = multiply(polynomial, result, square);
    square = multiply(polynomial, square, square);
  }
  return result;
}

/** The product of two polynomials over GF(2), reduced. */
function multiply(polynomial: u32, a: u32, b: u32): u32 {
  let product: u32 = 0;
  for (let bit: u32 = 0x80000000; bit !== 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = b & 1 ? (b >> 1) ^ polynomial : b >> 1;
  }
  return product;
}
