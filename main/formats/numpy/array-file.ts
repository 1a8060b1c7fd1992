import type { SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { hasObjects } from '#main/encodings/ndarray/array-dtype.ts';
import { arrayByteLength, storeArray, type StoredColumn } from '#main/encodings/ndarray/ndarray.ts';
import { unfoldArray, type ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import { readPickle } from '#main/encodings/pickle/pickle.ts';
import { walkTree, type PickleTree } from '#main/encodings/pickle/tree.ts';
import type { Checksum, PickleImport, Region, StoredTensor } from '#main/formats/contract.ts';
import {
  storeArrayLeaf,
  storeColumn,
  unknownGlobals,
  type ArrayShelf,
} from '#main/formats/pickled-tensors.ts';
import { readNpyHeader, type NpyHeader } from '#main/formats/numpy/npy-header.ts';
import type { Layout, Metadata, Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** What one .npy array, a file of its own or a member of an archive, brings to a checkpoint. */
export interface ArrayContent {
  /** Of the .npy format; undefined where the header could not be read as one. */
  readonly version: string | undefined;
  readonly layout: Layout;
  readonly tensors: readonly StoredTensor[];
  readonly imports: readonly PickleImport[];
  readonly problems: readonly Problem[];
  readonly regions: readonly Region[];
  readonly metadata: Metadata | undefined;
}

export interface ArrayPlace {
  /** Of the member; undefined for a file of its own. */
  readonly name: string | undefined;
  /** What imports and regions call it. */
  readonly stream: string;
  readonly sources: SourceList;
  /** Over the stored bytes that hold the array. */
  readonly checksums?: readonly Checksum[];
}

/**
 * Opens one array: its header, and the pickle behind it where it holds objects.
 * @throws AppError for an array that cannot be described at all.
 */
export async function openArray(source: ByteSource, place: ArrayPlace): Promise<ArrayContent> {
  const header = await readNpyHeader(source);
  if (hasObjects(header.layout.dtype)) return openObjects(source, header, place);
  const problems: Problem[] = [...header.problems];
  const columns = await storeOrReport(source, header, place, problems);
  const end = header.dataOffset + arrayByteLength(header.layout);
  if (end < source.byteLength) {
    const message = `${source.byteLength - end} bytes follow the array; NumPy reads the first array of a file`;
    problems.push({ code: 'trailing-bytes', message, offset: place.sources.place(source, end).offset });
  }
  return {
    version: header.version,
    layout: columns.length === 1 && columns[0]!.path.length === 0 ? 'tensor' : 'dict',
    tensors: columns.map((column) =>
      storeColumn(nameOf(place.name, column.path, true), column, shelfOf(place, problems)),
    ),
    imports: [],
    problems,
    regions: regionsOf(source, header, Math.min(end, source.byteLength), place, 'values'),
    metadata: undefined,
  };
}

/** In an archive a member that is cut short keeps its row; a file of its own is refused as a whole. */
async function storeOrReport(
  source: ByteSource,
  { layout, dataOffset }: NpyHeader,
  place: ArrayPlace,
  problems: Problem[],
): Promise<readonly StoredColumn[]> {
  try {
    return await storeArray(layout, source, dataOffset);
  } catch (error) {
    const { dtype } = layout;
    if (!(error instanceof AppError) || place.name === undefined || dtype.kind !== 'plain') throw error;
    problems.push({ code: error.code, message: error.message, tensor: place.name });
    const { code, message } = error;
    return [
      {
        path: [],
        dtype: dtype.dtype,
        shape: layout.shape,
        values: { kind: 'none', problem: { code, message } },
      },
    ];
  }
}

async function openObjects(source: ByteSource, header: NpyHeader, place: ArrayPlace): Promise<ArrayContent> {
  const pickle = await readPickle(source, { begin: header.dataOffset });
  const tree = walkTree<ArrayLeaf>(pickle.root, unfoldArray);
  const problems: Problem[] = [...header.problems, ...tree.problems, ...unknownGlobals(pickle.imports)];
  const tensors: StoredTensor[] = [];
  for (const { path, leaf } of tree.leaves) {
    const name = nameOf(place.name, path, path.length === 0);
    for (const tensor of await storeArrayLeaf(name, leaf, source, shelfOf(place, problems)))
      tensors.push(tensor);
  }
  if (pickle.end < source.byteLength) {
    const message = `${source.byteLength - pickle.end} bytes follow the pickle`;
    problems.push({
      code: 'trailing-bytes',
      message,
      offset: place.sources.place(source, pickle.end).offset,
    });
  }
  return {
    version: header.version,
    layout: layoutOf(tree),
    tensors,
    imports: pickle.imports.map((imported) => ({ ...imported, stream: place.stream })),
    problems,
    regions: regionsOf(source, header, pickle.end, place, 'pickle'),
    metadata: tree.metadata,
  };
}

function layoutOf(tree: PickleTree<ArrayLeaf>): Layout {
  return tree.layout === 'leaf' ? 'tensor' : tree.layout;
}

function shelfOf({ sources, checksums }: ArrayPlace, problems: Problem[]): ArrayShelf {
  return { sources, problems, ...(checksums ? { checksums } : {}) };
}

/** A lone array is `value`; fields of it, but not keys inside a lone object, go below that. */
function nameOf(member: string | undefined, path: readonly string[], isValue: boolean): string {
  const first = member ?? (isValue ? 'value' : undefined);
  return (first === undefined ? path : [first, ...path]).join('.');
}

function regionsOf(
  source: ByteSource,
  header: NpyHeader,
  end: number,
  place: ArrayPlace,
  what: string,
): readonly Region[] {
  const begin = place.sources.place(source, 0);
  const part = (from: number, to: number, label: string): Region => ({
    source: begin.source,
    begin: begin.offset + from,
    end: begin.offset + to,
    label: place.name === undefined ? label : `${place.name}: ${label}`,
  });
  return [part(0, header.dataOffset, 'header'), part(header.dataOffset, end, what)];
}
