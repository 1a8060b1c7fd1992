/** What is between two windows: a - b, as doubles. */

export function subtractF32(a: usize, b: usize, count: u32, out: usize): void {
  const end = a + ((<usize>count) << 2);
  for (const whole = a + ((<usize>(count & ~1)) << 2); a < whole; a += 8, b += 8, out += 16) {
    const left = f64x2.promote_low_f32x4(v128.load64_zero(a));
    const right = f64x2.promote_low_f32x4(v128.load64_zero(b));
    v128.store(out, f64x2.sub(left, right));
  }
  if (a < end) store<f64>(out, <f64>load<f32>(a) - <f64>load<f32>(b));
}

export function subtractF64(a: usize, b: usize, count: u32, out: usize): void {
  const end = a + ((<usize>count) << 3);
  for (const whole = a + ((<usize>(count & ~1)) << 3); a < whole; a += 16, b += 16, out += 16) {
    v128.store(out, f64x2.sub(v128.load(a), v128.load(b)));
  }
  if (a < end) store<f64>(out, load<f64>(a) - load<f64>(b));
}

export function doublesOfF32(at: usize, count: u32, out: usize): void {
  const end = at + ((<usize>count) << 2);
  for (const whole = at + ((<usize>(count & ~1)) << 2); at < whole; at += 8, out += 16) {
    v128.store(out, f64x2.promote_low_f32x4(v128.load64_zero(at)));
  }
  if (at < end) store<f64>(out, <f64>load<f32>(at));
}
