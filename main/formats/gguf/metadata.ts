// GGUF key-value pairs, versions 1 to 3: ggml docs/gguf.md, `gguf_metadata_kv_t`.
import {
  GGUF_ARRAY_DEPTH,
  GGUF_ARRAY_ITEMS,
  GGUF_KEYS,
  GGUF_TEXT_BYTES,
  METADATA_VALUES,
} from '#main/bytes/limits.ts';
import type { Cursor } from '#main/bytes/cursor.ts';
import { COUNT_BYTES, countThatFits, type HeaderReader } from '#main/formats/gguf/header-reader.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** A pair as it is kept for showing. */
export interface MetadataPair {
  readonly key: string;
  /** ggml's name of the type. */
  readonly type: string;
  readonly value: MetadataValue;
  /** Of the pair, in the file. */
  readonly offset: number;
}

interface Scalar {
  readonly name: string;
  readonly byteLength: number;
  readonly read: (cursor: Cursor) => MetadataValue;
}

const narrow = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

const SCALARS: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, { name: 'u8', byteLength: 1, read: (cursor) => cursor.u8() }],
  [1, { name: 'i8', byteLength: 1, read: (cursor) => (cursor.u8() << 24) >> 24 }],
  [2, { name: 'u16', byteLength: 2, read: (cursor) => cursor.u16() }],
  [3, { name: 'i16', byteLength: 2, read: (cursor) => (cursor.u16() << 16) >> 16 }],
  [4, { name: 'u32', byteLength: 4, read: (cursor) => cursor.u32() }],
  [5, { name: 'i32', byteLength: 4, read: (cursor) => cursor.i32() }],
  [6, { name: 'f32', byteLength: 4, read: (cursor) => cursor.f32() }],
  [7, { name: 'bool', byteLength: 1, read: (cursor) => cursor.u8() !== 0 }],
  [10, { name: 'u64', byteLength: 8, read: (cursor) => narrow(cursor.u64()) }],
  [11, { name: 'i64', byteLength: 8, read: (cursor) => narrow(cursor.i64()) }],
  [12, { name: 'f64', byteLength: 8, read: (cursor) => cursor.f64() }],
]);

const STRING = 8;
const ARRAY = 9;
/** A key's length, its type and one byte of value. */
const LEAST_PAIR_BYTES = 9;
/** Arrays up to this many items are kept whole. */
const WHOLE_ITEMS = 256;
/** Of longer ones, this many. */
const FIRST_ITEMS = 32;
/** The specification's bound for keys, in bytes. */
const KEY_BYTES = 65_535;

/** What may still be kept, so that no header fills the memory. */
interface Room {
  values: number;
  textBytes: number;
  /** Items of arrays that may still be walked. */
  items: number;
}

/**
 * Reads `count` pairs. Texts and arrays beyond what is worth showing are walked over; of arrays the first items are kept.
 * @throws AppError `corrupt` where the next pair cannot be found, `limit`.
 */
export async function readPairs(
  reader: HeaderReader,
  count: number,
  problems: Problem[],
): Promise<MetadataPair[]> {
  const room: Room = { values: METADATA_VALUES, textBytes: GGUF_TEXT_BYTES, items: GGUF_ARRAY_ITEMS };
  const pairs: MetadataPair[] = [];
  const keys = new Set<string>();
  for (let index = 0; index < count; index++) {
    const offset = reader.position();
    const key = await readText(reader, `the key of pair ${index}`, room, problems);
    if (keys.has(key)) {
      problems.push({ code: 'duplicate-key', message: `the metadata have the key ${key} twice`, offset });
    }
    if (key === '')
      problems.push({ code: 'empty-key', message: `pair ${index} of the metadata has no key`, offset });
    if (reader.position() - offset > KEY_BYTES + COUNT_BYTES) {
      problems.push({
        code: 'long-key',
        message: `the key of pair ${index} is longer than ${KEY_BYTES} bytes`,
        offset,
      });
    }
    keys.add(key);
    const code = (await reader.need(4)).u32();
    const value = await readValue(reader, code, key, room, problems, 0);
    pairs.push({ key, type: typeName(code), value, offset });
  }
  return pairs;
}

/** Counts that fit, as the first thing behind the header. */
export function readPairCount(reader: HeaderReader): Promise<number> {
  return countThatFits(reader, 'the number of metadata pairs', LEAST_PAIR_BYTES, GGUF_KEYS);
}

function typeName(code: number): string {
  if (code === STRING) return 'string';
  return code === ARRAY ? 'array' : (SCALARS.get(code)?.name ?? `type ${code}`);
}

async function readValue(
  reader: HeaderReader,
  code: number,
  key: string,
  room: Room,
  problems: Problem[],
  depth: number,
): Promise<MetadataValue> {
  room.values--;
  if (code === STRING) return readText(reader, `the text of ${key}`, room, problems);
  if (code === ARRAY) return readArray(reader, key, room, problems, depth);
  const scalar = SCALARS.get(code);
  if (!scalar) throw unknownType(reader, code, key);
  const offset = reader.position();
  const cursor = await reader.need(scalar.byteLength);
  if (scalar.name === 'bool' && depth === 0) {
    const byte = cursor.u8();
    if (byte > 1) {
      problems.push({ code: 'bool-value', message: `${key} is neither true nor false but ${byte}`, offset });
    }
    return byte !== 0;
  }
  return scalar.read(cursor);
}

async function readArray(
  reader: HeaderReader,
  key: string,
  room: Room,
  problems: Problem[],
  depth: number,
): Promise<MetadataValue> {
  if (depth >= GGUF_ARRAY_DEPTH) {
    throw new AppError('limit', `the arrays of ${key} are nested too deeply`, {
      file: reader.file,
      offset: reader.position(),
      expected: `at most ${GGUF_ARRAY_DEPTH} levels`,
    });
  }
  const code = (await reader.need(4)).u32();
  const width = code === STRING ? undefined : code === ARRAY ? undefined : SCALARS.get(code)?.byteLength;
  if (width === undefined && code !== STRING && code !== ARRAY) throw unknownType(reader, code, key);
  const count = await countThatFits(
    reader,
    `the length of the array ${key}`,
    width ?? 4,
    Number.MAX_SAFE_INTEGER,
  );
  const isWhole = count <= Math.min(WHOLE_ITEMS, room.values);
  const keptCount = isWhole ? count : Math.min(FIRST_ITEMS, Math.max(0, room.values));
  const kept: MetadataValue[] = [];
  for (let index = 0; index < keptCount; index++) {
    kept.push(await readValue(reader, code, key, room, problems, depth + 1));
  }
  await passItems(reader, code, width, count - keptCount, key, room, depth);
  return isWhole ? kept : { type: typeName(code), count, first: kept };
}

/** Walks to the end of an array without keeping its items. */
async function passItems(
  reader: HeaderReader,
  code: number,
  width: number | undefined,
  count: number,
  key: string,
  room: Room,
  depth: number,
): Promise<void> {
  if (width !== undefined) return reader.skip(width * count);
  room.items -= count;
  if (room.items < 0) {
    throw new AppError('limit', `the array ${key} is longer than we walk`, {
      file: reader.file,
      offset: reader.position(),
      expected: `at most ${GGUF_ARRAY_ITEMS} texts and inner arrays in all`,
      found: String(count),
    });
  }
  const nothing: Room = { values: 0, textBytes: 0, items: room.items };
  for (let index = 0; index < count; index++) {
    if (code === ARRAY) {
      await readArray(reader, key, nothing, [], depth + 1);
      continue;
    }
    // without waiting where the window holds it: vocabularies have a quarter of a million texts
    const what = `the length of a text of ${key}`;
    const length = reader.buffered() >= COUNT_BYTES ? reader.bufferedCount(what) : await reader.count(what);
    reader.skip(length);
  }
  room.items = Math.min(room.items, nothing.items);
}

async function readText(
  reader: HeaderReader,
  what: string,
  room: Room,
  problems: Problem[],
): Promise<string> {
  const offset = reader.position();
  const length = await countThatFits(reader, `the length of ${what}`, 1, Number.MAX_SAFE_INTEGER);
  const kept = Math.min(length, room.textBytes);
  room.textBytes -= kept;
  const bytes = (await reader.need(kept)).bytes(kept);
  reader.skip(length - kept);
  if (kept < length && room.values > 0) {
    problems.push({
      code: 'long-text',
      message: `${what} has ${length} bytes, of which ${kept} are kept`,
      offset,
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    if (kept === length) problems.push({ code: 'text-encoding', message: `${what} is not UTF-8`, offset });
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }
}

function unknownType(reader: HeaderReader, code: number, key: string): AppError {
  return new AppError('corrupt', `the metadata value ${key} has an unknown type`, {
    file: reader.file,
    offset: reader.position() - 4,
    expected: '0 to 12',
    found: String(code),
  });
}
