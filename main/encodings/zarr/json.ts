import { METADATA_DEPTH } from '#main/bytes/limits.ts';
import { readJson } from '#main/encodings/json/json.ts';
import { metadataFrom, type MetadataValue } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object with its keys as they come, own keys only. @throws AppError `corrupt`, `limit`. */
export function parseObject(bytes: Uint8Array, what: string, file: string): JsonObject {
  const text = decode(bytes, what, file);
  const reader = readJson(text, { what, file });
  reader.skip();
  reader.end();
  const value = JSON.parse(text) as unknown;
  if (!isObject(value)) throw new AppError('corrupt', `${what} is no JSON object`, { file });
  return value;
}

function decode(bytes: Uint8Array, what: string, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError('corrupt', `${what} is not UTF-8`, { file }, error);
  }
}

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What a key has, unless it is inherited. */
export function field(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Dimensions that are whole numbers, not negative. */
export function dimensionsIn(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  const isShape = items.every((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0);
  return isShape ? (items as readonly number[]) : undefined;
}

/** JSON for showing: as deep as screens go, without prototypes. */
export function metadataOf(value: unknown, depth = 0): MetadataValue {
  if (depth > METADATA_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((item) => metadataOf(item, depth + 1));
  if (isObject(value))
    return metadataFrom(Object.entries(value).map(([key, item]) => [key, metadataOf(item, depth + 1)]));
  return value as null | boolean | number | string;
}

/**
 * The integer that a key of the outermost object has, exactly: JSON.parse rounds beyond 2^53.
 * @returns undefined for a key that is not there or has something else.
 */
export function exactInteger(bytes: Uint8Array, key: string): bigint | undefined {
  const reader = readJson(new TextDecoder().decode(bytes), { what: 'the description' });
  reader.beginObject();
  let found: bigint | undefined;
  for (let next = reader.nextKey(); next !== undefined; next = reader.nextKey()) {
    if (next !== key || reader.kind() !== 'number') {
      reader.skip();
      continue;
    }
    const value = reader.integer();
    found = value === undefined ? undefined : BigInt(value);
  }
  return found;
}
