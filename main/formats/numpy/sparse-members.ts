// Sparse matrices in archives: scipy.sparse.save_npz, and MXNet 2's folders (src/serialization/cnpy.cc).
import type { SourceList } from '#main/bytes/source-list.ts';
import { densify, readNumbers, type SparseArrays, type StridedPart } from '#main/encodings/sparse/sparse.ts';
import type { StoredTensor } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** Members of one sparse matrix by their own names. */
type Members = ReadonlyMap<string, StoredTensor>;

/** Index members by what `format` says. */
const INDEX_MEMBERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['csr', ['indptr', 'indices']],
  ['csc', ['indptr', 'indices']],
  ['bsr', ['indptr', 'indices']],
  ['coo', ['row', 'col']],
  ['dia', ['offsets']],
  ['row_sparse', ['indices']],
]);
/** Whatever else save_npz puts beside them. */
const OTHER_MEMBERS: ReadonlySet<string> = new Set(['format', 'shape', 'data', '_is_array']);

/**
 * Replaces the members of each sparse matrix by one tensor in dense shape, which stands where the first of them stood.
 * A set that makes no sense stays as it is, with a problem.
 */
export async function joinSparse(
  tensors: readonly StoredTensor[],
  sources: SourceList,
  problems: Problem[],
): Promise<readonly StoredTensor[]> {
  const joined: StoredTensor[] = [];
  const done = new Set<StoredTensor>();
  const folders = sparseFolders(tensors);
  for (const tensor of tensors) {
    if (done.has(tensor)) continue;
    const folder = folderOf(tensor.name);
    const members = folders.get(folder);
    if (!members) {
      joined.push(tensor);
      continue;
    }
    for (const member of members.values()) done.add(member);
    try {
      joined.push(await joinMembers(folder === '' ? 'value' : folder.slice(0, -1), folder, members, sources));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'io') throw error;
      problems.push({ code: error.code, message: error.message, tensor: tensor.name });
      for (const member of members.values()) joined.push(member);
    }
  }
  return joined;
}

function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}

/** Folders, the top among them, whose members are those of a sparse matrix and nothing else. */
function sparseFolders(tensors: readonly StoredTensor[]): ReadonlyMap<string, Members> {
  const folders = new Map<string, Map<string, StoredTensor>>();
  for (const tensor of tensors) {
    const folder = folderOf(tensor.name);
    const members = folders.get(folder) ?? new Map<string, StoredTensor>();
    members.set(tensor.name.slice(folder.length), tensor);
    folders.set(folder, members);
  }
  for (const [folder, members] of folders) {
    const indices = indexNamesOf(members);
    const isWhole = indices && ['shape', 'data', ...indices].every((name) => members.has(name));
    const isAlone = [...members.keys()].every((name) => OTHER_MEMBERS.has(name) || indices?.includes(name));
    if (!isWhole || !isAlone) folders.delete(folder);
  }
  return folders;
}

/** Coordinates stand in one array where there are not two of them. */
function indexNamesOf(members: Members): readonly string[] | undefined {
  const format = formatOf(members) ?? '';
  return format === 'coo' && members.has('coords') ? ['coords'] : INDEX_MEMBERS.get(format);
}

function formatOf(members: Members): string | undefined {
  const storage = members.get('format')?.storage;
  const value = storage?.kind === 'strings' && storage.values.length === 1 ? storage.values[0] : undefined;
  return typeof value === 'string' ? value : undefined;
}

async function joinMembers(
  name: string,
  folder: string,
  members: Members,
  sources: SourceList,
): Promise<StoredTensor> {
  const format = formatOf(members)!;
  const part = (member: string): StridedPart => partOf(members.get(member)!, sources);
  const shape = [...(await readNumbers(part('shape')))];
  // SciPy 1.15 gave arrays of one dimension rows of zeros
  const indexNames = indexNamesOf(members)!.filter((member) => shape.length > 1 || member !== 'row');
  const values = part('data');
  const dense = await densify({
    layout: (format === 'row_sparse' ? 'coo' : format) as SparseArrays['layout'],
    shape,
    values,
    indices: indexNames.map(part),
    // SciPy adds the entries to zeros, MXNet copies them
    isAdded: folder === '',
  });
  const parts = ['data', ...indexNames];
  return {
    name,
    dtype: values.dtype,
    shape,
    storage: {
      kind: 'dense',
      ...sources.place(dense, 0),
      byteLength: dense.byteLength,
      byteOrder: values.byteOrder,
    },
    checksums: parts.flatMap((member) => members.get(member)!.checksums ?? []),
    sparse: { layout: format, parts },
  };
}

function partOf({ name, dtype, shape, storage }: StoredTensor, sources: SourceList): StridedPart {
  if (storage.kind !== 'dense') throw new AppError('corrupt', `${name} of a sparse matrix holds no numbers`);
  return { ...storage, dtype, shape, source: sources.sources[storage.source]! };
}
