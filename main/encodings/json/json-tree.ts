import { readJson, type JsonOptions } from '#main/encodings/json/json.ts';

/** JSON as JavaScript has it: integers beyond 2^53 are rounded, of keys that repeat the last one counts. */
export type Json = null | boolean | number | string | readonly Json[] | JsonFields;
export interface JsonFields {
  readonly [key: string]: Json;
}

/**
 * Builds the whole tree, for descriptions whose every part is wanted.
 * @throws AppError `corrupt` with the offset at fault, `limit` for nesting beyond `JSON_DEPTH`.
 */
export function parseJsonTree(text: string, options: JsonOptions): Json {
  const reader = readJson(text, options);
  reader.skip();
  reader.end();
  return JSON.parse(text) as Json;
}

/** The members of an object; none of anything else. */
export function fieldsOf(value: Json | undefined): JsonFields {
  return typeof value === 'object' && value !== null && !isArray(value) ? value : {};
}

/** The items of an array; none of anything else. */
export function elementsOf(value: Json | undefined): readonly Json[] {
  return typeof value === 'object' && value !== null && isArray(value) ? value : [];
}

// Array.isArray does not narrow readonly arrays
function isArray(value: readonly Json[] | JsonFields): value is readonly Json[] {
  return Array.isArray(value);
}
