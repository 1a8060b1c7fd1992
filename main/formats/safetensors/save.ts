// safetensors writer: order, alignment and JSON of the reference's `prepare` in safetensors/src/tensor.rs (0.8).
import { SAFETENSORS_HEADER_BYTES, WINDOW_BYTES } from '#main/bytes/limits.ts';
import type { TensorToSave } from '#main/formats/contract.ts';
import { RANK_OF, SPELLING_OF } from '#main/formats/safetensors/dtypes.ts';
import { METADATA_KEY } from '#main/formats/safetensors/header.ts';
import { dtypeInfo, elementByteLength } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import { byteLengthOf, elementCountOf } from '#shared/tensor.ts';

/** What the plan needs to know of a tensor. */
export interface TensorToPlan {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes of the canonical values: little-endian, C order, at least one byte an element. */
  readonly byteLength: number;
}

export interface SafetensorsPlan<Tensor> {
  /** All bytes before the data: length, JSON, padding to a multiple of 8. */
  readonly header: Uint8Array;
  /** The given tensors in the order in which their data follow, without gaps. */
  readonly order: readonly Tensor[];
  /** Bytes of the whole file. */
  readonly byteLength: number;
}

const ALIGNMENT = 8;

/**
 * Lays a file out. Equal tensors give equal bytes in whatever order they come; metadata keep theirs.
 * @throws AppError `unsupported` for a dtype that safetensors do not have, `invalid-params` for names that repeat
 * or cannot be written and for values that do not fit their shape, `limit` for a header beyond the format's own.
 */
export function planSafetensors<Tensor extends TensorToPlan>(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsPlan<Tensor> {
  const names = new Set<string>();
  for (const tensor of tensors) {
    requireWritable(tensor);
    if (names.has(tensor.name)) throw unwritable(tensor.name, 'two tensors have this name');
    names.add(tensor.name);
  }
  const order = [...tensors].sort(
    (a, b) => RANK_OF.get(b.dtype)! - RANK_OF.get(a.dtype)! || compareCodePoints(a.name, b.name),
  );
  const members: string[] = [];
  const keys = Object.keys(metadata);
  if (keys.length > 0) {
    members.push(
      member(METADATA_KEY, `{${keys.map((key) => member(key, quote(metadata[key]!))).join(',')}}`),
    );
  }
  let offset = 0;
  for (const { name, dtype, shape } of order) {
    const end = offset + storedByteLength(dtype, shape);
    members.push(
      member(
        name,
        `{"dtype":"${SPELLING_OF.get(dtype)!}","shape":[${shape.join(',')}],"data_offsets":[${offset},${end}]}`,
      ),
    );
    offset = end;
  }
  const header = frame(`{${members.join(',')}}`);
  return { header, order, byteLength: header.byteLength + offset };
}

/** The bytes of the file in pieces of at most 1 MiB, read as they are asked for. @throws AppError as `planSafetensors`, and as reading does. */
export async function* safetensorsChunks(
  tensors: readonly TensorToSave[],
  metadata: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, order } = planSafetensors(tensors, metadata);
  for (let begin = 0; begin < header.byteLength; begin += WINDOW_BYTES) {
    yield header.subarray(begin, begin + WINDOW_BYTES);
  }
  for (const tensor of order) {
    const isPacked = dtypeInfo(tensor.dtype).bits === 4;
    for (let begin = 0; begin < tensor.byteLength; begin += WINDOW_BYTES) {
      const bytes = await tensor.read(begin, Math.min(WINDOW_BYTES, tensor.byteLength - begin), signal);
      yield isPacked ? packNibbles(bytes) : bytes;
    }
  }
}

function requireWritable({ name, dtype, shape, byteLength }: TensorToPlan): void {
  if (name === METADATA_KEY) throw unwritable(name, 'the format keeps this name for itself');
  const spelling = SPELLING_OF.get(dtype);
  // values below a byte: only fours have an agreed packing
  const isWritable =
    spelling !== undefined && (dtypeInfo(dtype).bits % 8 === 0 || dtypeInfo(dtype).bits === 4);
  if (!isWritable) {
    throw new AppError('unsupported', `safetensors have no values of dtype ${dtype}`, {
      tensor: name,
      expected: [...SPELLING_OF.keys()].join(' '),
      found: dtype,
    });
  }
  const count = elementCountOf(shape);
  if (count === undefined || byteLength !== count * elementByteLength(dtype)) {
    throw unwritable(name, `${byteLength} bytes do not fit ${dtype} [${shape.join(', ')}]`);
  }
  if ((count * dtypeInfo(dtype).bits) % 8 !== 0) throw unwritable(name, 'its values do not fill whole bytes');
}

function unwritable(name: string, reason: string): AppError {
  return new AppError('invalid-params', `the tensor ${name} cannot be saved: ${reason}`, { tensor: name });
}

function storedByteLength(dtype: string, shape: readonly number[]): number {
  return byteLengthOf(dtype, elementCountOf(shape)!);
}

function frame(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.byteLength / ALIGNMENT) * ALIGNMENT;
  if (length > SAFETENSORS_HEADER_BYTES) {
    throw new AppError('limit', 'names and metadata are longer than a safetensors header may be', {
      expected: `at most ${SAFETENSORS_HEADER_BYTES} bytes`,
      found: `${length} bytes`,
    });
  }
  const header = new Uint8Array(ALIGNMENT + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, ALIGNMENT);
  return header;
}

function member(key: string, value: string): string {
  return `${quote(key)}:${value}`;
}

/** As serde_json quotes, which JSON.stringify equals for text that UTF-8 can hold. */
function quote(text: string): string {
  if (/[\ud800-\udfff]/u.test(text)) {
    throw new AppError('invalid-params', 'a text with half a surrogate pair cannot be saved', {
      found: JSON.stringify(text),
    });
  }
  return JSON.stringify(text);
}

/** The order of UTF-8 bytes, which is the reference's, and not that of UTF-16 units. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rankOfUnit(left) - rankOfUnit(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function rankOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function packNibbles(codes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(codes.byteLength / 2);
  for (let index = 0; index < packed.byteLength; index++) {
    packed[index] = (codes[2 * index]! & 0xf) | ((codes[2 * index + 1]! & 0xf) << 4);
  }
  return packed;
}
