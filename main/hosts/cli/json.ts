/**
 * JSON as the command line promises it: non-finite numbers are texts, integers beyond 2^53 - 1 decimal texts,
 * minus zero keeps its sign, typed arrays are lists, fields that are undefined are absent.
 */
export function toJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'number':
      return numberToJson(value);
    case 'bigint':
      return bigintToJson(value);
    case 'boolean':
      return String(value);
    case 'string':
      return JSON.stringify(value);
    case 'object':
      return objectToJson(value);
    default:
      return 'null';
  }
}

function objectToJson(value: object): string {
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (ArrayBuffer.isView(value)) {
    return `[${Array.from(value as unknown as ArrayLike<number>, toJson).join(',')}]`;
  }
  const fields: string[] = [];
  for (const [key, field] of Object.entries(value)) {
    if (field !== undefined) fields.push(`${JSON.stringify(key)}:${toJson(field)}`);
  }
  return `{${fields.join(',')}}`;
}

function numberToJson(value: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function bigintToJson(value: bigint): string {
  const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
  return isSafe ? String(value) : `"${value}"`;
}
