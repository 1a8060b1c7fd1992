import { TEXT_ARRAY_BYTES, TEXT_ARRAY_ITEMS } from '#main/bytes/limits.ts';
import { joinedSource } from '#main/bytes/joined-source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { decodeTexts } from '#main/encodings/ndarray/array-text.ts';
import { dtypeOfName, isShownAsBytes, textOfName } from '#main/encodings/ndarray/dtype-names.ts';
import type { StateArray } from '#main/encodings/msgpack/state-tree.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** An array of a state as its readers want to have it. */
export interface StateTensor {
  readonly name: string;
  /** Canonical name. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly storage: StateValues;
}

export type StateValues =
  | {
      readonly kind: 'dense';
      /** Number of the source. */
      readonly source: number;
      readonly offset: number;
      readonly byteLength: number;
      readonly byteOrder: 'little';
      readonly isUnpacked?: true;
    }
  | { readonly kind: 'strings'; readonly values: readonly (string | Uint8Array)[] }
  | { readonly kind: 'none' };

/**
 * Where the values of an array are; they stay there, but for texts. What cannot be made out is a problem, and has none.
 * @param sources the joined pieces of an array that was cut are added here.
 * @param file number of the source that the state was read from.
 */
export async function stateTensor(
  array: StateArray,
  sources: ByteSource[],
  file: number,
  problems: Problem[],
): Promise<StateTensor> {
  const { name, dtypeName, shape } = array;
  const none = (dtype: string): StateTensor => ({ name, dtype, shape, storage: { kind: 'none' } });
  // what is wrong with it has been told
  if (dtypeName === undefined) return none('v1');
  const offset = array.pieces[0]?.begin ?? 0;
  const problem = (code: string, message: string): void =>
    void problems.push({ code, message, tensor: name, offset });
  const text = textOfName(dtypeName);
  if (text) {
    const values = await textsOf(array, text, sources[file]!);
    if (values) return { name, dtype: 'str', shape, storage: { kind: 'strings', values } };
    problem('unsupported', `texts of the type ${dtypeName} are not read in this number`);
    return none('str');
  }
  const dtype = dtypeOfName(dtypeName);
  if (!dtype) {
    problem('unknown-dtype', `the type ${dtypeName.slice(0, 80)} is none of NumPy's`);
    return none('v1');
  }
  if (isShownAsBytes(dtypeName))
    problem('unknown-dtype', `values of the type ${dtypeName} are shown as bytes`);
  const stored = array.pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const count = elementCountOf(shape);
  if (count !== undefined && stored !== count * dtype.itemBytes) {
    problem('length', `the values take ${stored} bytes, the shape wants ${count * dtype.itemBytes}`);
    return none(dtype.dtype);
  }
  const unpacked = dtype.isUnpacked ? { isUnpacked: true as const } : {};
  return {
    name,
    dtype: dtype.dtype,
    shape,
    storage: { ...place(array, stored, sources, file), ...unpacked },
  };
}

function place(
  { name, pieces }: StateArray,
  byteLength: number,
  sources: ByteSource[],
  file: number,
): Extract<StateValues, { kind: 'dense' }> {
  const [first, ...others] = pieces;
  if (first && others.length === 0) {
    return { kind: 'dense', source: file, offset: first.begin, byteLength, byteOrder: 'little' };
  }
  const spans = pieces.map(({ begin, byteLength: length }) => spanSource(sources[file]!, begin, length));
  sources.push(joinedSource(spans, `${sources[file]!.name}: ${name}`));
  return { kind: 'dense', source: sources.length - 1, offset: 0, byteLength, byteOrder: 'little' };
}

/** Texts are read when the file is opened. @returns undefined for more of them than that, or fewer than the shape wants. */
async function textsOf(
  { shape, pieces }: StateArray,
  { encoding, itemBytes }: { readonly encoding: 'ucs4' | 'bytes'; readonly itemBytes: number },
  source: ByteSource,
): Promise<(string | Uint8Array)[] | undefined> {
  const [piece] = pieces;
  const count = elementCountOf(shape);
  if (!piece || pieces.length > 1 || piece.byteLength > TEXT_ARRAY_BYTES) return undefined;
  if (count === undefined || count > TEXT_ARRAY_ITEMS || count * itemBytes !== piece.byteLength)
    return undefined;
  const bytes = await source.read(piece.begin, piece.byteLength);
  return decodeTexts(bytes, { kind: 'text', encoding, byteOrder: 'little', itemBytes }, count);
}
