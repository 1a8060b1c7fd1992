// GGUF tensor infos, versions 1 to 3: ggml docs/gguf.md, `gguf_tensor_info_t`, with the rules of src/gguf.cpp.
import { GGUF_NAME_BYTES, GGUF_TENSORS, TENSOR_RANK } from '#main/bytes/limits.ts';
import { countThatFits, type HeaderReader } from '#main/formats/gguf/header-reader.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export interface TensorEntry {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly bigint[];
  /** ggml's type number. */
  readonly type: number;
  /** Bytes from the start of the data. */
  readonly dataOffset: bigint;
  /** Of the entry, in the file. */
  readonly offset: number;
}

/** Length of the name, rank, type and offset, with lengths of 32 bits. */
const LEAST_ENTRY_BYTES = 20;
/** ggml's own bounds (ggml.h): names end with a zero byte, tensors have four dimensions. */
const GGML_NAME_BYTES = 64;
const GGML_RANK = 4;

export function readTensorCount(reader: HeaderReader): Promise<number> {
  return countThatFits(reader, 'the number of tensors', LEAST_ENTRY_BYTES, GGUF_TENSORS);
}

/** @throws AppError `corrupt` where the next entry cannot be found. */
export async function readTensorEntries(
  reader: HeaderReader,
  count: number,
  version: number,
  problems: Problem[],
): Promise<TensorEntry[]> {
  const entries: TensorEntry[] = [];
  for (let index = 0; index < count; index++) entries.push(await readEntry(reader, index, version, problems));
  return entries;
}

async function readEntry(
  reader: HeaderReader,
  index: number,
  version: number,
  problems: Problem[],
): Promise<TensorEntry> {
  const offset = reader.position();
  const name = await readName(reader, index, problems);
  const rankOffset = reader.position();
  const rank = (await reader.need(4)).u32();
  if (rank > TENSOR_RANK) {
    throw new AppError('corrupt', `the tensor ${name} has more dimensions than a tensor can have`, {
      file: reader.file,
      tensor: name,
      offset: rankOffset,
      expected: `at most ${GGML_RANK}`,
      found: String(rank),
    });
  }
  if (rank > GGML_RANK) {
    problems.push({
      code: 'rank',
      message: `the tensor has ${rank} dimensions, and ggml reads at most ${GGML_RANK}`,
      tensor: name,
      offset: rankOffset,
    });
  }
  const width = version === 1 ? 4 : 8;
  const cursor = await reader.need(rank * width + 12);
  const innermostFirst = Array.from({ length: rank }, () =>
    version === 1 ? BigInt(cursor.u32()) : cursor.u64(),
  );
  const type = cursor.u32();
  const dataOffset = cursor.u64();
  return { name, shape: innermostFirst.reverse(), type, dataOffset, offset };
}

async function readName(reader: HeaderReader, index: number, problems: Problem[]): Promise<string> {
  const offset = reader.position();
  const length = await countThatFits(reader, `the length of the name of tensor ${index}`, 1, GGUF_NAME_BYTES);
  const bytes = (await reader.need(length)).bytes(length);
  const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  if (length >= GGML_NAME_BYTES) {
    problems.push({
      code: 'long-name',
      message: `the name has ${length} bytes, and ggml reads names of less than ${GGML_NAME_BYTES}`,
      tensor: name,
      offset,
    });
  }
  if (!isUtf8(bytes)) {
    problems.push({
      code: 'name-encoding',
      message: `the name of tensor ${index} is not UTF-8`,
      tensor: name,
      offset,
    });
  }
  return name;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
