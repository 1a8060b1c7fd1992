/** Entries of a bundle to tensors: where their values are, or why they cannot be shown. */
import { TEXT_ARRAY_BYTES, TEXT_ARRAY_ITEMS } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checksum, Storage, StoredTensor } from '#main/formats/contract.ts';
import type { BundleEntry } from '#main/formats/tensorflow/bundle.ts';
import { dtypeOf, nameOfCode } from '#main/formats/tensorflow/dtypes.ts';
import { chunksOf, elementsIn, slicesOf } from '#main/formats/tensorflow/slices.ts';
import { parseStrings } from '#main/formats/tensorflow/string-tensor.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { elementByteLength } from '#shared/dtype.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** What describing needs to know beyond the entry itself. */
export interface Bundle {
  readonly isBigEndian: boolean;
  readonly sources: readonly ByteSource[];
  /** Index into `sources` by shard. */
  readonly sourceOf: ReadonlyMap<number, number>;
  /** Entries of slices by their binary key. */
  readonly slices: ReadonlyMap<string, BundleEntry>;
  readonly problems: Problem[];
  /** Bytes that may still be allocated for texts, which are read on opening. */
  budget: number;
}

export async function describeTensor(
  name: string,
  entry: BundleEntry,
  bundle: Bundle,
): Promise<StoredTensor> {
  const dtype = dtypeOf(entry.dtypeCode);
  const { shape } = entry;
  if (dtype === undefined || shape === undefined) {
    const what = dtype === undefined ? `of the type ${nameOfCode(entry.dtypeCode)}` : 'of unknown rank';
    report(bundle, 'unsupported', `${name} is ${what}, which we do not show`, name);
    return { name, dtype: dtype ?? 'v1', shape: shape ?? [], storage: { kind: 'none' } };
  }
  const described = { name, dtype, shape };
  const none = { ...described, storage: { kind: 'none' } } as const;
  const count = shape.every((dimension) => dimension >= 0) ? elementCountOf(shape) : undefined;
  // the shape's own problem is the validation's to tell
  if (count === undefined) return none;
  if (entry.slices.length > 0) return describeSliced(described, entry, count, bundle);
  const source = bundle.sourceOf.get(entry.shard);
  if (source === undefined) return none;
  if (dtype === 'str') return { ...described, storage: await readTexts(name, entry, count, source, bundle) };
  const wanted = count * elementByteLength(dtype);
  if (entry.byteLength !== wanted) {
    report(
      bundle,
      'length',
      `${name} has ${entry.byteLength} bytes, its shape wants ${wanted}`,
      name,
      entry.offset,
    );
    return none;
  }
  return {
    ...described,
    storage: {
      kind: 'dense',
      source,
      offset: entry.offset,
      byteLength: entry.byteLength,
      byteOrder: bundle.isBigEndian ? 'big' : 'little',
    },
    checksums: checksumOf(entry, source),
  };
}

function describeSliced(
  described: { readonly name: string; readonly dtype: string; readonly shape: readonly number[] },
  entry: BundleEntry,
  count: number,
  bundle: Bundle,
): StoredTensor {
  const { name, dtype, shape } = described;
  const none = { ...described, storage: { kind: 'none' } } as const;
  const slices = slicesOf(name, entry, bundle.slices);
  if (!slices) {
    report(bundle, 'missing-slice', `${name} is kept in slices, and the index has not all of them`, name);
    return none;
  }
  if (dtype === 'str') {
    report(bundle, 'unsupported', `${name} is kept in slices of texts, which we do not read`, name);
    return none;
  }
  if (slices.some((slice) => !bundle.sourceOf.has(slice.entry.shard))) return none;
  const chunks = chunksOf(slices, shape, bundle.sourceOf);
  if (elementsIn(chunks) !== count) {
    report(
      bundle,
      'slices',
      `the slices of ${name} have ${elementsIn(chunks)} of its ${count} elements`,
      name,
    );
    return none;
  }
  return {
    ...described,
    storage: { kind: 'chunked', shape, chunks, byteOrder: bundle.isBigEndian ? 'big' : 'little' },
    checksums: slices.flatMap((slice) => checksumOf(slice.entry, bundle.sourceOf.get(slice.entry.shard)!)),
  };
}

/** The checksum of an entry's bytes, as a list of one or none. */
function checksumOf({ checksum, offset, byteLength }: BundleEntry, source: number): readonly Checksum[] {
  if (checksum === undefined) return [];
  return [
    { algorithm: 'crc32c-masked', expected: checksum, source, begin: offset, end: offset + byteLength },
  ];
}

/** Texts are read when the file is opened: they have no fixed place to point at. */
async function readTexts(
  name: string,
  entry: BundleEntry,
  count: number,
  source: number,
  bundle: Bundle,
): Promise<Storage> {
  const none = { kind: 'none' } as const;
  if (entry.byteLength > Math.min(bundle.budget, TEXT_ARRAY_BYTES) || count > TEXT_ARRAY_ITEMS) {
    report(bundle, 'unsupported', `${name} has more text than we read: ${entry.byteLength} bytes`, name);
    return none;
  }
  const strings = await readStrings(entry, count, bundle.sources[source]!);
  if (!strings) {
    report(bundle, 'length', `the data of ${name} are not ${count} texts`, name, entry.offset);
    return none;
  }
  if (!strings.isIntact) {
    report(
      bundle,
      'checksum-mismatch',
      `the texts of ${name} do not match their checksum`,
      name,
      entry.offset,
    );
  }
  bundle.budget -= entry.byteLength;
  return { kind: 'strings', values: strings.values };
}

/** The texts of a string entry; undefined where its bytes are not there or are no texts. */
export async function readStrings(
  entry: BundleEntry,
  count: number,
  source: ByteSource,
): Promise<ReturnType<typeof parseStrings>> {
  if (!isInside(entry, source)) return undefined;
  return parseStrings(await source.read(entry.offset, entry.byteLength), count, entry.checksum);
}

function isInside({ offset, byteLength }: BundleEntry, source: ByteSource): boolean {
  return offset + byteLength <= source.byteLength;
}

function report(bundle: Bundle, code: string, message: string, tensor: string, offset?: number): void {
  bundle.problems.push({ code, message, tensor, ...(offset === undefined ? {} : { offset }) });
}
