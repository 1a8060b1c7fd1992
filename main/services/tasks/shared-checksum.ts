/** A checksum taken of bytes that statistics read anyway. */
import { maskCrc32c } from '#main/bytes/crc32c.ts';
import { openSource } from '#main/bytes/reopen.ts';
import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import { isContiguous } from '#main/formats/read.ts';
import { windowCrc32c } from '#main/kernels/checksum.ts';
import { fastCrc32 } from '#main/services/tasks/fast-crc32.ts';
import { dtypeInfo, elementByteLength, swapUnit } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** The values lie in [from, to) of what the checksum [begin, end) is of, as they are stored. */
export interface SharedChecksum {
  readonly algorithm: 'crc32' | 'crc32c-masked';
  readonly source: SourceDescription;
  readonly begin: number;
  readonly from: number;
  readonly to: number;
  readonly end: number;
}

/** So much beside the values, such as the header of an `.npy`, is read for the checksum alone. */
const MOST_BESIDE = 64 * 1024;

/** How a tensor's only checksum follows from its values; undefined where they are not its bytes, in order. */
export function sharedChecksum(
  tensor: StoredTensor,
  sources: readonly ByteSource[],
): SharedChecksum | undefined {
  const { storage, dtype, shape, checksums = [] } = tensor;
  const [checksum] = checksums;
  if (checksums.length !== 1 || !checksum || storage.kind !== 'dense') return undefined;
  const { algorithm, source, begin, end } = checksum;
  if (algorithm !== 'crc32' && algorithm !== 'crc32c-masked') return undefined;
  const { kind, bits } = dtypeInfo(dtype);
  const isAsStored =
    (storage.byteOrder !== 'big' || swapUnit(dtype) === 1) &&
    !storage.isConjugated &&
    !storage.isNegated &&
    bits % 8 === 0 &&
    kind !== 'block' &&
    isContiguous(shape, storage);
  const width = elementByteLength(dtype);
  const from = storage.offset + (storage.elementOffset ?? 0) * width;
  const to = from + (elementCountOf(shape) ?? 0) * width;
  const isInside = storage.source === source && begin <= from && to <= end;
  if (!isAsStored || !isInside || from - begin + (end - to) > MOST_BESIDE) return undefined;
  return { algorithm, source: sources[source]!.description, begin, from, to, end };
}

/** Takes the windows of values in order. */
export interface RunningChecksum {
  add(bytes: Uint8Array): void;
  finish(): Promise<number>;
}

export async function startChecksum(shared: SharedChecksum): Promise<RunningChecksum> {
  const { algorithm, begin, from, to, end } = shared;
  const step = algorithm === 'crc32' ? fastCrc32 : windowCrc32c;
  let value = step(await readBeside(shared, begin, from));
  return {
    add: (bytes) => {
      value = step(bytes, value);
    },
    finish: async () => {
      value = step(await readBeside(shared, to, end), value);
      return algorithm === 'crc32' ? value : maskCrc32c(value);
    },
  };
}

async function readBeside(shared: SharedChecksum, begin: number, end: number): Promise<Uint8Array> {
  if (begin === end) return new Uint8Array(0);
  const source = await openSource(shared.source);
  try {
    return await source.read(begin, end - begin);
  } finally {
    await source.close();
  }
}
