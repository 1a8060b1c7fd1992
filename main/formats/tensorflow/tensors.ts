/** Entries of a bundle to tensors: where their values are, or why they cannot be shown. */
import { ASSEMBLED_TENSOR_BYTES, TEXT_ARRAY_BYTES, TEXT_ARRAY_ITEMS } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Storage, StoredTensor } from '#main/formats/contract.ts';
import type { BundleEntry } from '#main/formats/tensorflow/bundle.ts';
import { dtypeOf, nameOfCode } from '#main/formats/tensorflow/dtypes.ts';
import { sliceKey } from '#main/formats/tensorflow/slice-key.ts';
import {
  assemble,
  checksumOf,
  checksumsOf,
  sliceFault,
  type Slice,
} from '#main/formats/tensorflow/slices.ts';
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
  /** Bytes that may still be allocated for values read on opening. */
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
  if (entry.slices.length > 0) return describeSliced(described, entry, bundle);
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

async function describeSliced(
  described: { readonly name: string; readonly dtype: string; readonly shape: readonly number[] },
  entry: BundleEntry,
  bundle: Bundle,
): Promise<StoredTensor> {
  const { name, dtype, shape } = described;
  const none = { ...described, storage: { kind: 'none' } } as const;
  const slices: Slice[] = [];
  for (const extents of entry.slices) {
    const part = bundle.slices.get(sliceKey(name, extents));
    if (!part) {
      report(bundle, 'missing-slice', `${name} is kept in slices, and the index has not all of them`, name);
      return none;
    }
    const source = bundle.sourceOf.get(part.shard);
    if (source === undefined) return none;
    slices.push({ extents, entry: part, source });
  }
  const byteLength = (elementCountOf(shape) ?? Infinity) * elementByteLength(dtype);
  if (dtype === 'str' || byteLength > Math.min(bundle.budget, ASSEMBLED_TENSOR_BYTES)) {
    const why =
      dtype === 'str'
        ? 'texts in slices are not read'
        : `${byteLength} bytes in slices are more than we join`;
    report(bundle, 'unsupported', `${name}: ${why}`, name);
    return none;
  }
  const fault = sliceFault(slices, dtype, shape);
  const outside = slices.find(({ entry: part, source }) => !isInside(part, bundle.sources[source]!));
  if (fault !== undefined || outside) {
    report(bundle, 'slice', `${name}: ${fault ?? 'a slice reaches beyond its data file'}`, name);
    return none;
  }
  bundle.budget -= byteLength;
  const bytes = await assemble(slices, dtype, shape, bundle.isBigEndian, bundle.sources);
  return { ...described, storage: { kind: 'inline', bytes }, checksums: checksumsOf(slices) };
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
