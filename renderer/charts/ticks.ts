/** Round numbers on an axis, and how they are written. */

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** About `most` round values within [low, high], at steps of 1, 2 or 5 times a power of ten. */
export function ticksBetween(low: number, high: number, most: number): Tick[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span))
    return [{ value: low, label: tickLabel(low, Math.abs(low) || 1) }];
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  // denormal spans have no power of ten of their own
  if (power === 0 || !Number.isFinite(power)) return [];
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const value = (first + index) * step;
    return { value, label: tickLabel(value, step) };
  });
}

/** As many decimals as the step has. */
function tickLabel(value: number, step: number): string {
  if (Math.abs(value) < step / 1e6) return '0';
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (decimals <= 5 && Math.abs(value) < 1e6) return value.toFixed(decimals);
  const digits = Math.max(
    0,
    Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(step) + 1e-9),
  );
  return value.toExponential(Math.min(digits, 15)).replace('e+', 'e');
}
