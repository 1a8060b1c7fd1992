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

/**
 * Zero and powers of ten from the threshold on, to either side, within [low, high]; every second or third where they are many.
 * @param threshold where the linear part of a symlog axis ends: a power of ten.
 */
export function symlogTicks(low: number, high: number, threshold: number, most: number): Tick[] {
  const first = Math.round(Math.log10(threshold));
  const last = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high))) + 1e-9);
  const sides = (low < -threshold ? 1 : 0) + (high > threshold ? 1 : 0);
  const stride = Math.max(1, Math.ceil((sides * (last - first + 1)) / most));
  const ticks: Tick[] = low <= 0 && high >= 0 ? [{ value: 0, label: '0' }] : [];
  for (let exponent = last; exponent >= first; exponent -= stride) {
    for (const sign of [-1, 1]) {
      const value = sign * 10 ** exponent;
      if (value >= low && value <= high) ticks.push({ value, label: powerLabel(value) });
    }
  }
  return ticks.sort((a, b) => a.value - b.value);
}

function powerLabel(value: number): string {
  const size = Math.abs(value);
  return size >= 0.01 && size < 1e5 ? String(value) : value.toExponential(0).replace('e+', 'e');
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
