// Where the data of a GGUF file's tensors are: ggml src/gguf.cpp, `gguf_init_from_file_impl`.
import type { StoredTensor } from '#main/formats/contract.ts';
import { describeType, dtypeOfType } from '#main/formats/gguf/ggml-dtypes.ts';
import type { TensorEntry } from '#main/formats/gguf/tensor-infos.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/** What the tensors of one file have in common. */
export interface DataSection {
  /** Bytes from the start of the file. */
  readonly begin: number;
  readonly alignment: number;
  /** Of the whole file. */
  readonly fileByteLength: number;
  readonly byteOrder: 'little' | 'big';
}

export interface PlacedTensors {
  readonly tensors: readonly StoredTensor[];
  /** Bytes of the file up to where the last tensor's padding ends. */
  readonly end: bigint;
}

export function placeTensors(
  entries: readonly TensorEntry[],
  section: DataSection,
  problems: Problem[],
): PlacedTensors {
  const alignment = BigInt(section.alignment);
  // unknown behind a tensor whose length is unknown
  let expected: bigint | undefined = 0n;
  let end = 0n;
  const tensors = entries.map((entry) => {
    const placed = place(entry, section);
    problems.push(...offsetProblems(entry, expected, alignment));
    if (placed.problem) problems.push({ ...placed.problem, tensor: entry.name });
    const own =
      placed.byteLength === undefined ? undefined : entry.dataOffset + padded(placed.byteLength, alignment);
    expected = own;
    if (own !== undefined && own > end) end = own;
    return placed.tensor;
  });
  return { tensors, end: BigInt(section.begin) + end };
}

export function padded(byteLength: bigint, alignment: bigint): bigint {
  return ((byteLength + alignment - 1n) / alignment) * alignment;
}

interface Placed {
  readonly tensor: StoredTensor;
  readonly byteLength: bigint | undefined;
  readonly problem?: Problem;
}

function place(entry: TensorEntry, section: DataSection): Placed {
  const { name, type, offset, dataOffset } = entry;
  // a dimension beyond 2^53 is rounded here, and named when the checkpoint is validated
  const shape = entry.shape.map(Number);
  const dtype = dtypeOfType(type);
  const none = (dtypeOrRaw: string): StoredTensor => ({
    name,
    dtype: dtypeOrRaw,
    shape,
    storage: { kind: 'none' },
  });
  if (dtype === undefined) {
    const message = `the tensor has ${describeType(type)}`;
    return { tensor: none('v1'), byteLength: undefined, problem: { code: 'unknown-type', message, offset } };
  }
  const { bits, blockElements = 1 } = dtypeInfo(dtype);
  const row = entry.shape[entry.shape.length - 1] ?? 1n;
  if (row % BigInt(blockElements) !== 0n) {
    const message = `a row has ${row} elements, which is no whole number of ${dtype} blocks of ${blockElements}`;
    return { tensor: none(dtype), byteLength: undefined, problem: { code: 'block-row', message, offset } };
  }
  const elementCount = entry.shape.reduce((product, dimension) => product * dimension, 1n);
  if (elementCount >= 2n ** 63n) {
    const message = `the shape [${entry.shape.join(', ')}] is beyond 64 bits`;
    return { tensor: none(dtype), byteLength: undefined, problem: { code: 'shape', message, offset } };
  }
  const byteLength = (elementCount / BigInt(blockElements)) * BigInt(bits / 8);
  const begin = BigInt(section.begin) + dataOffset;
  if (begin + byteLength > BigInt(section.fileByteLength)) {
    const message = `the values should be at bytes ${begin} to ${begin + byteLength} of a file of ${section.fileByteLength}`;
    return { tensor: none(dtype), byteLength, problem: { code: 'storage-range', message, offset } };
  }
  const storage = {
    kind: 'dense',
    source: 0,
    offset: Number(begin),
    byteLength: Number(byteLength),
    byteOrder: section.byteOrder,
  } as const;
  return { tensor: { name, dtype, shape, storage }, byteLength };
}

function offsetProblems(
  { name, dataOffset, offset }: TensorEntry,
  expected: bigint | undefined,
  alignment: bigint,
): Problem[] {
  const where = { tensor: name, offset };
  if (dataOffset % alignment !== 0n) {
    const message = `the data begin at ${dataOffset}, which is no multiple of the alignment ${alignment}`;
    return [{ code: 'alignment', message, ...where }];
  }
  if (expected === undefined || dataOffset === expected) return [];
  const kind = dataOffset < expected ? 'overlap what is before them' : 'leave a hole before them';
  const message = `the data begin at ${dataOffset} and ${kind}: the padded lengths so far come to ${expected}`;
  return [{ code: dataOffset < expected ? 'overlap' : 'hole', message, ...where }];
}
