/** NumPy's datetime64 and timedelta64 as text: numpy/_core/src/multiarray/datetime.c defines units and NaT. */

const NOT_A_TIME = -(2n ** 63n);

const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['W', 604_800_000_000_000n],
  ['D', 86_400_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['us', 1000n],
  ['ns', 1n],
]);

const FRACTION_DIGITS: ReadonlyMap<string, number> = new Map([
  ['s', 0],
  ['ms', 3],
  ['us', 6],
  ['ns', 9],
]);

/** ISO 8601 for datetimes, "<count> <unit>" for spans and for units without a calendar date. */
export function timeTexts(dtype: string, counts: BigInt64Array | BigUint64Array): string[] {
  const match = /^(datetime64|timedelta64)(?:\[(\d*)(\w+)\])?$/.exec(dtype);
  const multiple = BigInt(match?.[2] || 1);
  const unit = match?.[3] ?? '';
  const isDate = match?.[1] === 'datetime64';
  return Array.from(counts, (count) => {
    if (count === NOT_A_TIME) return 'NaT';
    return (isDate ? dateText(count * multiple, unit) : undefined) ?? `${count * multiple} ${unit}`.trim();
  });
}

function dateText(count: bigint, unit: string): string | undefined {
  if (unit === 'Y') return String(1970n + count);
  if (unit === 'M') {
    const year = 1970n + floorDivide(count, 12n);
    return `${year}-${String(count - floorDivide(count, 12n) * 12n + 1n).padStart(2, '0')}`;
  }
  const scale = NANOSECONDS.get(unit);
  if (scale === undefined) return undefined;
  const nanoseconds = count * scale;
  const seconds = floorDivide(nanoseconds, 1_000_000_000n);
  const milliseconds = Number(seconds) * 1000;
  if (!Number.isFinite(milliseconds) || Math.abs(milliseconds) > 8.64e15) return undefined;
  const iso = new Date(milliseconds).toISOString();
  if (unit === 'D' || unit === 'W') return iso.slice(0, iso.indexOf('T'));
  const digits = FRACTION_DIGITS.get(unit);
  const base = iso.slice(0, iso.indexOf('.'));
  if (digits === undefined || digits === 0) return base;
  const fraction = String(nanoseconds - seconds * 1_000_000_000n).padStart(9, '0');
  return `${base}.${fraction.slice(0, digits)}`;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
