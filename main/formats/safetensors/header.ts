// safetensors header: huggingface/safetensors README "Format" and the reference's safetensors/src/tensor.rs (0.8).
import { readJson, type JsonReader } from '#main/encodings/json/json.ts';
import { plainEntries } from '#main/formats/safetensors/plain-entries.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';
import { AppError, type ErrorFields } from '#shared/errors.ts';

export const METADATA_KEY = '__metadata__';

/** A tensor as the header states it: types checked, numbers not yet. */
export interface HeaderEntry {
  readonly name: string;
  /** safetensors' spelling. */
  readonly dtype: string;
  readonly shape: readonly (number | bigint)[];
  /** Bytes from the end of the header, [begin, end). */
  readonly begin: number | bigint;
  readonly end: number | bigint;
}

export interface Header {
  /** In the order of the header. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: readonly (readonly [string, MetadataValue])[];
  readonly problems: readonly Problem[];
}

/**
 * Parses the header's text.
 * @param base byte offset of the text in the file.
 * @throws AppError `corrupt` that names the broken rule.
 */
export function parseHeader(bytes: Uint8Array, base: number, file: string): Header {
  const text = decode(bytes, base, file);
  const json = readJson(text, { what: 'the header', file, base });
  const plain = plainEntries(text, bytes);
  const entries: HeaderEntry[] = [];
  const metadata: [string, MetadataValue][] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const extras: string[] = [];
  const fault = (message: string, fields: ErrorFields): AppError =>
    new AppError('corrupt', message, { file, ...fields });

  if (json.kind() !== 'object') {
    throw fault('the header is no JSON object', {
      offset: json.offset(),
      expected: 'an object',
      found: `a JSON ${json.kind()}`,
    });
  }
  const takePlain = (begin: number): number | undefined => {
    const entry = plain.take(begin);
    if (!entry || entry.name === METADATA_KEY || seen.has(entry.name)) return undefined;
    seen.add(entry.name);
    entries.push(entry);
    return plain.end();
  };
  json.beginObject();
  for (;;) {
    if (json.passMember(takePlain)) continue;
    const name = json.nextKey();
    if (name === undefined) break;
    if (seen.has(name)) throw twice(name, json.offset(), fault);
    seen.add(name);
    if (name === METADATA_KEY) readMetadata(json, metadata, problems, fault);
    else entries.push(readEntry(json, name, extras, fault));
  }
  json.end();
  if (extras.length > 0) {
    problems.push({
      code: 'extra-field',
      message: `${extras.length === 1 ? 'a tensor has a field' : `${extras.length} fields of tensors are ones`} that the format does not define: ${extras[0]!}`,
    });
  }
  return { entries, metadata, problems };
}

type Fault = (message: string, fields: ErrorFields) => AppError;

function twice(name: string, offset: number, fault: Fault): AppError {
  const isMetadata = name === METADATA_KEY;
  return fault(
    isMetadata ? 'the header has __metadata__ twice' : `the header names the tensor ${name} twice`,
    { offset, ...(isMetadata ? {} : { tensor: name }), expected: 'distinct names' },
  );
}

function readMetadata(
  json: JsonReader,
  metadata: [string, MetadataValue][],
  problems: Problem[],
  fault: Fault,
): void {
  // the reference takes null for "none"
  if (json.kind() === 'null') return json.skip();
  if (json.kind() !== 'object') {
    throw fault('__metadata__ is no object', {
      offset: json.offset(),
      expected: 'an object of texts',
      found: `a JSON ${json.kind()}`,
    });
  }
  const seen = new Set<string>();
  json.beginObject();
  for (let key = json.nextKey(); key !== undefined; key = json.nextKey()) {
    if (json.kind() !== 'string') {
      throw fault(`the value of ${key} in __metadata__ is no text`, {
        offset: json.offset(),
        expected: 'a string',
        found: `a JSON ${json.kind()}`,
      });
    }
    if (seen.has(key)) {
      problems.push({
        code: 'duplicate-key',
        message: `__metadata__ has ${key} twice; the last one is shown`,
        offset: json.offset(),
      });
    }
    seen.add(key);
    metadata.push([key, json.string()]);
  }
}

function readEntry(json: JsonReader, name: string, extras: string[], fault: Fault): HeaderEntry {
  if (json.kind() !== 'object') {
    throw fault(`the entry of the tensor ${name} is no object`, {
      offset: json.offset(),
      tensor: name,
      expected: 'an object with dtype, shape and data_offsets',
      found: `a JSON ${json.kind()}`,
    });
  }
  let dtype: string | undefined;
  let shape: (number | bigint)[] | undefined;
  let offsets: (number | bigint)[] | undefined;
  json.beginObject();
  for (let key = json.nextKey(); key !== undefined; key = json.nextKey()) {
    const before =
      key === 'dtype' ? dtype : key === 'shape' ? shape : key === 'data_offsets' ? offsets : undefined;
    if (before !== undefined) {
      throw fault(`the tensor ${name} has ${key} twice`, { offset: json.offset(), tensor: name });
    }
    if (key === 'dtype') {
      if (json.kind() !== 'string') throw mistyped(json, name, key, 'the name of a dtype', fault);
      dtype = json.string();
    } else if (key === 'shape') {
      shape = readIntegers(json, name, key, fault);
    } else if (key === 'data_offsets') {
      offsets = readIntegers(json, name, key, fault);
    } else {
      extras.push(key);
      json.skip();
    }
  }
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    const missing = dtype === undefined ? 'dtype' : shape === undefined ? 'shape' : 'data_offsets';
    throw fault(`the tensor ${name} has no ${missing}`, {
      offset: json.offset(),
      tensor: name,
      expected: 'dtype, shape and data_offsets',
    });
  }
  if (offsets.length !== 2) {
    throw fault(`the data_offsets of the tensor ${name} are not two`, {
      offset: json.offset(),
      tensor: name,
      expected: 'a begin and an end',
      found: `${offsets.length} numbers`,
    });
  }
  return { name, dtype, shape, begin: offsets[0]!, end: offsets[1]! };
}

const WHOLE = 'whole numbers that are not negative';

function readIntegers(json: JsonReader, name: string, field: string, fault: Fault): (number | bigint)[] {
  if (json.kind() !== 'array') throw mistyped(json, name, field, `a list of ${WHOLE}`, fault);
  const values: (number | bigint)[] = [];
  json.beginArray();
  while (json.nextItem()) {
    if (json.kind() !== 'number') throw mistyped(json, name, field, WHOLE, fault);
    const value = json.integer();
    if (value === undefined || value < 0) {
      throw fault(`the ${field} of the tensor ${name} has a number that is negative or no whole one`, {
        offset: json.offset(),
        tensor: name,
        expected: WHOLE,
        ...(value === undefined ? {} : { found: String(value) }),
      });
    }
    values.push(value);
  }
  return values;
}

function mistyped(json: JsonReader, name: string, field: string, expected: string, fault: Fault): AppError {
  return fault(`the ${field} of the tensor ${name} is not what the format demands`, {
    offset: json.offset(),
    tensor: name,
    expected,
    found: `a JSON ${json.kind()}`,
  });
}

function decode(bytes: Uint8Array, base: number, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new AppError(
      'corrupt',
      'the header is not UTF-8',
      { file, offset: base + firstMalformed(bytes), expected: 'a header in UTF-8' },
      error,
    );
  }
}

/** Byte index of the first malformed sequence. */
function firstMalformed(bytes: Uint8Array): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let index = 0;
  for (const character of text) {
    // a genuine U+FFFD has its own three bytes
    const isReplacement =
      character === '\ufffd' &&
      !(bytes[index] === 0xef && bytes[index + 1] === 0xbf && bytes[index + 2] === 0xbd);
    if (isReplacement) return index;
    index += Buffer.byteLength(character);
  }
  return index;
}
