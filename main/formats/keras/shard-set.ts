// Sharded weights: NAME.weights.json beside NAME_00000.weights.h5 and so on, keras/src/saving/saving_lib.py of Keras 3.10 and later.
import { isBareName, type Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import { SHARD_INDEX_BYTES, SHARD_INDEXES } from '#main/bytes/limits.ts';
import { sourceList, type SourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { openHdf5, type Hdf5Tree } from '#main/encodings/hdf5/hdf5.ts';
import type { Checkpoint, Region } from '#main/formats/contract.ts';
import { fileInput, type FileInput } from '#main/formats/input.ts';
import { parseShardIndex, WEIGHT_FILE, type ShardIndex } from '#main/formats/keras/shard-index.ts';
import { otherCheckpoints } from '#main/formats/shard-problems.ts';
import { variableOrder } from '#main/formats/keras/variable-order.ts';
import { weightTensors } from '#main/formats/keras/weights.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';
import { byteLengthOf, elementCountOf } from '#shared/tensor.ts';

/** The name of a shard, up to its number. */
const SHARD_NAME = /^(.+)_\d{5}\.weights\.h5$/;
const INDEX_NAME = /\.weights\.json$/;
const OPEN_BRACE = 0x7b;

/** Whether the file is the index of a set: JSON that maps groups to weight files. Never throws for other content. */
export async function isShardIndex(input: FileInput): Promise<boolean> {
  const first = input.head.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  if (first !== OPEN_BRACE || input.source.byteLength > SHARD_INDEX_BYTES) return false;
  const plain = await input.shardIndex();
  // an index of other files need not be taken apart once more
  if (plain && ![...plain.files.values()].every((name) => WEIGHT_FILE.test(name))) return false;
  try {
    return parseShardIndex(await readAll(input.source), input.name) !== undefined;
  } catch (error) {
    if (isAppError(error) && error.code !== 'io') return false;
    throw error;
  }
}

/** The indexes of sets that lie in a folder, by their names; what only looks like one is none. */
export async function indexesIn(folder: Folder): Promise<readonly string[]> {
  const entries = await folder.list();
  const likely = entries.filter(({ name, isFolder }) => !isFolder && INDEX_NAME.test(name));
  const found: string[] = [];
  for (const { name } of likely.slice(0, SHARD_INDEXES)) {
    if (await folder.leadsOut?.(name)) continue;
    const source = await folder.open(name);
    if (await isShardIndex(await fileInput(source, folder))) found.push(name);
    await source.close();
  }
  return found;
}

/** Opens the first set of a folder; the others are told. */
export async function openFolder(folder: Folder): Promise<Checkpoint> {
  const [name, ...others] = await indexesIn(folder);
  if (name === undefined) throw new AppError('internal', 'the folder has been recognised before');
  const source = await folder.open(name);
  try {
    const checkpoint = await openByIndex(await fileInput(source, folder));
    return { ...checkpoint, problems: [...checkpoint.problems, ...otherCheckpoints(others)] };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens a set by its index. */
export async function openByIndex(input: FileInput): Promise<Checkpoint> {
  const index = parseShardIndex(await readAll(input.source), input.name);
  if (!index) throw new AppError('internal', 'the index has been recognised before');
  const open = async (name: string): Promise<ByteSource> => {
    if (input.folder) return openWithin(input.folder, name);
    throw new AppError('not-found', `${name} is not here`, { file: input.name });
  };
  const region = { source: 0, begin: 0, end: input.source.byteLength, label: 'shard index' };
  return openParts(index, sourceList(input.source), open, [region]);
}

/** Opens the set that a weight file is a part of: its index lies beside it and names it. Undefined for a file on its own. */
export async function openByPart(input: FileInput): Promise<Checkpoint | undefined> {
  const { folder } = input;
  const base = SHARD_NAME.exec(input.name)?.[1];
  const indexName = `${base}.weights.json`;
  if (base === undefined || !folder || !(await folder.has(indexName))) return undefined;
  if (await folder.leadsOut?.(indexName)) return undefined;
  const source = await folder.open(indexName);
  try {
    if (source.byteLength > SHARD_INDEX_BYTES) return undefined;
    const index = parseShardIndex(await readAll(source), indexName);
    if (!index?.files.includes(input.name)) return undefined;
    const open = async (name: string): Promise<ByteSource> =>
      name === input.name ? { ...input.source, close: async () => {} } : openWithin(folder, name);
    return await openParts(index, sourceList(input.source), open, []);
  } catch (error) {
    // an index that is none does not make the weights unreadable
    if (isAppError(error) && error.code === 'corrupt') return undefined;
    throw error;
  } finally {
    await source.close();
  }
}

async function readAll(source: ByteSource): Promise<string> {
  return new TextDecoder('utf-8').decode(await source.read(0, source.byteLength));
}

/** Opens every part; one that is missing or damaged is a problem, the others stay readable. */
async function openParts(
  index: ShardIndex,
  sources: SourceList,
  open: (name: string) => Promise<ByteSource>,
  regions: readonly Region[],
): Promise<Checkpoint> {
  const problems: Problem[] = [...index.problems];
  const trees: Hdf5Tree[] = [];
  const allRegions: Region[] = [...regions];
  for (const name of index.files) {
    try {
      const part = await openPart(name, open, sources);
      trees.push(part.tree);
      allRegions.push(...part.regions);
      problems.push(
        ...part.tree.problems.map((problem) => ({ ...problem, message: `${name}: ${problem.message}` })),
      );
    } catch (error) {
      if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
      problems.push({ code: 'missing-part', message: `the part ${name} cannot be read: ${error.message}` });
    }
  }
  const tree: Hdf5Tree = {
    groups: trees.flatMap(({ groups }) => groups),
    datasets: trees.flatMap(({ datasets }) => datasets),
    problems: [],
  };
  problems.push(...contentProblems(index, tree));
  return {
    format: 'keras',
    dialect: `Keras 3 weights in ${index.files.length} ${index.files.length === 1 ? 'part' : 'parts'} (.weights.json)`,
    layout: 'dict',
    sources: sources.sources,
    tensors: weightTensors(tree, variableOrder(tree, [])),
    regions: allRegions,
    imports: [],
    problems,
    metadata: index.metadata,
  };
}

async function openPart(
  name: string,
  open: (name: string) => Promise<ByteSource>,
  sources: SourceList,
): Promise<{ readonly tree: Hdf5Tree; readonly regions: readonly Region[] }> {
  if (!isBareName(name))
    throw new AppError('corrupt', 'its name leads out of the folder', { found: name.slice(0, 200) });
  const source = await open(name);
  try {
    const file = await openHdf5(source, { head: new Uint8Array(0), sources });
    if (!file) throw new AppError('corrupt', 'it is no HDF5 file', { file: name, offset: 0 });
    const tree = await file.tree();
    const at = sources.place(source, 0);
    return { tree, regions: file.regions().map((region) => ({ source: at.source, ...region })) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** What the index says beyond the names of the parts, held against what the parts hold. */
function contentProblems({ groups, totalBytes }: ShardIndex, { datasets }: Hdf5Tree): Problem[] {
  const problems: Problem[] = [];
  const found = new Set(datasets.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/')))));
  for (const group of groups) {
    if (!found.has(group))
      problems.push({ code: 'missing-tensor', message: `no part holds the variables of ${group}` });
  }
  for (const group of found) {
    if (!groups.has(group))
      problems.push({
        code: 'extra-tensor',
        message: `the index does not name ${group}, which a part holds`,
      });
  }
  const bytes = datasets.reduce((sum, { content }) => {
    if (content.kind !== 'tensor' || content.dtype === 'str') return sum;
    return sum + byteLengthOf(content.dtype, elementCountOf(content.shape) ?? 0);
  }, 0);
  if (totalBytes !== undefined && totalBytes !== bytes) {
    problems.push({
      code: 'total-size',
      message: `the index says ${totalBytes} bytes in all, the parts hold ${bytes}`,
    });
  }
  return problems;
}
