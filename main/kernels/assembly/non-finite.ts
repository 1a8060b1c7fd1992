/** How much of a window is certainly finite: codes that are not share bits that no other code has. */

/** What is looked at in one go, in bytes. */
const STEP: usize = 64;

/**
 * @param mask the bits that tell. @param code what they are where a value is not finite.
 * @returns the bytes before the first stretch of 64 that has such a value; what is left over at the end is not looked at.
 */
export function finiteBytes(at: usize, byteLength: u32, mask: u32, code: u32): u32 {
  return prefix<u8>(at, byteLength, <u8>mask, <u8>code);
}

export function finiteHalves(at: usize, byteLength: u32, mask: u32, code: u32): u32 {
  return prefix<u16>(at, byteLength, <u16>mask, <u16>code);
}

export function finiteWords(at: usize, byteLength: u32, mask: u32, code: u32): u32 {
  return prefix<u32>(at, byteLength, mask, code);
}

/** As `finiteBytes`, of doubles. @param mask of the upper 32 bits. */
export function finiteDoubles(at: usize, byteLength: u32, mask: u32, code: u32): u32 {
  return prefix<u64>(at, byteLength, (<u64>mask) << 32, (<u64>code) << 32);
}

function prefix<T>(base: usize, byteLength: u32, mask: T, code: T): u32 {
  const bits = v128.splat<T>(mask);
  const wanted = v128.splat<T>(code);
  const end = base + ((<usize>byteLength) & ~(STEP - 1));
  let at = base;
  for (; at < end; at += STEP) {
    const a = v128.eq<T>(v128.and(v128.load(at), bits), wanted);
    const b = v128.eq<T>(v128.and(v128.load(at, 16), bits), wanted);
    const c = v128.eq<T>(v128.and(v128.load(at, 32), bits), wanted);
    const d = v128.eq<T>(v128.and(v128.load(at, 48), bits), wanted);
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) break;
  }
  return <u32>(at - base);
}
