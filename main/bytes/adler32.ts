/** The largest prime below 2^16, and how many bytes can be summed before a sum leaves 32 bits: RFC 1950 section 9. */
const MODULUS = 65_521;
const RUN = 5552;

/** What Adler-32 begins with. */
export const ADLER32_START = 1;

/** Adler-32, as zlib uses it. @param seed of the bytes before, `ADLER32_START` where there are none. */
export function adler32(bytes: Uint8Array, seed = ADLER32_START): number {
  let low = seed & 0xffff;
  let high = seed >>> 16;
  for (let begin = 0; begin < bytes.byteLength; begin += RUN) {
    const end = Math.min(begin + RUN, bytes.byteLength);
    for (let index = begin; index < end; index++) {
      low += bytes[index]!;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return high * 2 ** 16 + low;
}
