// safetensors offsets: the rules of `Metadata::validate` in the reference's safetensors/src/tensor.rs (0.8).
import type { ByteSource } from '#main/bytes/source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { DTYPE_OF } from '#main/formats/safetensors/dtypes.ts';
import type { HeaderEntry } from '#main/formats/safetensors/header.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { dtypeInfo } from '#shared/dtype.ts';
import { AppError, type ErrorFields } from '#shared/errors.ts';

const MOST_U64 = 2n ** 64n - 1n;

/**
 * Checks that the data of all tensors cover the rest of the file without hole or overlap, and places them.
 * @param dataBegin where the header ends, in bytes of the file.
 * @returns tensors in the order of the entries.
 * @throws AppError `corrupt` that names the broken rule, the tensor and the place.
 */
export function placeTensors(
  entries: readonly HeaderEntry[],
  dataBegin: number,
  source: ByteSource,
): { readonly tensors: readonly StoredTensor[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const dataBytes = source.byteLength - dataBegin;
  const fault = (message: string, fields: ErrorFields): AppError =>
    new AppError('corrupt', message, { file: source.name, ...fields });

  let covered = 0;
  let previous: HeaderEntry | undefined;
  for (const entry of inOrder(entries)) {
    const { name, begin, end } = entry;
    if (end < begin) {
      throw fault(`the data of the tensor ${name} end before they begin`, {
        tensor: name,
        expected: `an end of ${begin} or more`,
        found: String(end),
      });
    }
    if (begin !== covered) throw misplaced(entry, previous, covered, dataBegin, fault);
    if (end > dataBytes) {
      throw fault(`the file ends before the data of the tensor ${name}`, {
        tensor: name,
        offset: source.byteLength,
        expected: `data up to byte ${BigInt(dataBegin) + BigInt(end)}`,
        found: `a file of ${source.byteLength} bytes`,
        hint: 'the file is cut short; fetch or save it again',
      });
    }
    covered = Number(end);
    previous = entry;
  }
  if (covered !== dataBytes) {
    throw fault('bytes follow the last tensor', {
      offset: dataBegin + covered,
      expected: `a file of ${dataBegin + covered} bytes`,
      found: `${source.byteLength} bytes`,
    });
  }
  const tensors = entries.map((entry) => place(entry, dataBegin, problems, fault));
  return { tensors, problems };
}

type Fault = (message: string, fields: ErrorFields) => AppError;

/** By begin, then end. Writers sort them, so they mostly are. */
function inOrder(entries: readonly HeaderEntry[]): readonly HeaderEntry[] {
  const compare = (a: HeaderEntry, b: HeaderEntry): number =>
    a.begin < b.begin ? -1 : a.begin > b.begin ? 1 : a.end < b.end ? -1 : a.end > b.end ? 1 : 0;
  const isSorted = entries.every((entry, index) => index === 0 || compare(entries[index - 1]!, entry) <= 0);
  return isSorted ? entries : [...entries].sort(compare);
}

function misplaced(
  { name, begin }: HeaderEntry,
  previous: HeaderEntry | undefined,
  covered: number,
  dataBegin: number,
  fault: Fault,
): AppError {
  const fields = {
    tensor: name,
    offset: dataBegin + covered,
    expected: `data_offsets that begin at ${covered}`,
    found: String(begin),
  };
  if (begin < covered)
    return fault(`the data of the tensor ${name} overlap those of ${previous!.name}`, fields);
  if (!previous)
    return fault(`the data of the first tensor, ${name}, do not begin where the header ends`, fields);
  return fault(`there is a hole between the data of ${previous.name} and ${name}`, fields);
}

function place(entry: HeaderEntry, dataBegin: number, problems: Problem[], fault: Fault): StoredTensor {
  const { name } = entry;
  const offset = dataBegin + Number(entry.begin);
  const byteLength = Number(entry.end) - Number(entry.begin);
  const count = countOf(entry, fault);
  const shape = asNumbers(entry.shape);
  const dtype = DTYPE_OF.get(entry.dtype);
  if (dtype === undefined) return unknownDtype(entry, shape, count, offset, byteLength, problems);
  const { bits } = dtypeInfo(dtype);
  const wanted = multiply(count, bits);
  if (wanted > MOST_U64) throw overflow(entry, fault);
  if ((typeof wanted === 'number' ? wanted % 8 : Number(wanted % 8n)) !== 0) {
    throw fault(`the values of the tensor ${name} do not fill whole bytes`, {
      tensor: name,
      offset,
      expected: 'a multiple of 8 bits',
      found: `${count} elements of ${bits} bits`,
    });
  }
  if (multiply(byteLength, 8) !== wanted) {
    throw fault(`the data of the tensor ${name} are not as long as its shape says`, {
      tensor: name,
      offset,
      expected: `${BigInt(wanted) / 8n} bytes for ${entry.dtype} [${entry.shape.join(', ')}]`,
      found: `${byteLength} bytes`,
    });
  }
  if (8 % bits !== 0 && bits < 8) problems.push(undefinedPacking(entry, bits, offset));
  return {
    name,
    dtype,
    shape,
    storage: { kind: 'dense', source: 0, offset, byteLength, byteOrder: 'little' },
  };
}

/** The format tells how many bits there are, and no more: what is said of fours by PyTorch, nobody says of sixes. */
function undefinedPacking({ name, dtype }: HeaderEntry, bits: number, offset: number): Problem {
  return {
    code: 'packing',
    message: `safetensors does not define how ${dtype} is packed: its ${bits} bits are read one after the other, the first ones from the low bits of the first byte`,
    tensor: name,
    offset,
  };
}

/** A dimension beyond 2^53 is rounded here, and refused with its own problem when the checkpoint is validated. */
function asNumbers(shape: readonly (number | bigint)[]): readonly number[] {
  for (const dimension of shape) if (typeof dimension !== 'number') return shape.map(Number);
  return shape as readonly number[];
}

/** Product of the dimensions, taken from the left as the reference does: a zero behind an overflow saves nothing. */
function countOf(entry: HeaderEntry, fault: Fault): number | bigint {
  let count: number | bigint = 1;
  for (const dimension of entry.shape) {
    count = multiply(count, dimension);
    if (count > MOST_U64) throw overflow(entry, fault);
  }
  return count;
}

/** The exact product: a number where that can hold it, else a bigint. */
function multiply(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product;
  }
  const exact = BigInt(a) * BigInt(b);
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

function overflow({ name, shape }: HeaderEntry, fault: Fault): AppError {
  return fault(`the shape of the tensor ${name} is beyond 64 bits`, {
    tensor: name,
    expected: 'a number of elements and of bits below 2^64',
    found: `[${shape.join(', ')}]`,
  });
}

/** A dtype of a later version: the bytes are shown as they are. */
function unknownDtype(
  { name, dtype }: HeaderEntry,
  shape: readonly number[],
  count: number | bigint,
  offset: number,
  byteLength: number,
  problems: Problem[],
): StoredTensor {
  const width = typeof count === 'number' && count > 0 ? byteLength / count : 0;
  const isWhole = Number.isInteger(width) && width > 0;
  problems.push({
    code: 'unknown-dtype',
    message: `the tensor ${name} has the dtype ${dtype}, which this version does not know`,
    tensor: name,
    offset,
  });
  if (!isWhole) return { name, dtype: 'v1', shape, storage: { kind: 'none' } };
  const storage = { kind: 'dense', source: 0, offset, byteLength, byteOrder: 'little' } as const;
  return { name, dtype: `v${width}`, shape, storage };
}
