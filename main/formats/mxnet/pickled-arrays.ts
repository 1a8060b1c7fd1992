// MXNet arrays in pickles, such as optimizer states: python/mxnet/ndarray/ndarray.py (NDArray.__getstate__), gluon/trainer.py (save_states).
import { allocationBudget, PICKLED_ARRAY_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { sourceCursor } from '#main/bytes/source-cursor.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import type { PickledFile } from '#main/encodings/ndarray/pickled-file.ts';
import { unfoldArray, type ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import { bytesOf, isBytesLike, spanOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, type PickleNode, type PickleObject } from '#main/encodings/pickle/nodes.ts';
import { stateEntries } from '#main/encodings/pickle/object-parts.ts';
import type { Pickle } from '#main/encodings/pickle/pickle.ts';
import { walkTree, type Unfolded } from '#main/encodings/pickle/tree.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import type { FileInput } from '#main/formats/input.ts';
import { describeArray, type ArrayShelf } from '#main/formats/mxnet/described-array.ts';
import { readNdArray } from '#main/formats/mxnet/ndarray.ts';
import { storeArrayLeaf, unknownGlobals } from '#main/formats/pickled-tensors.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** An array whose record stands in the pickle as bytes. */
type MxnetLeaf = { readonly kind: 'record'; readonly bytes: PickleNode } | ArrayLeaf;

/** Trainer and Module save the states of their optimizer so: a dict by the number of the parameter, perhaps with the optimizer. */
export async function openPickledArrays(input: FileInput, file: PickledFile): Promise<Checkpoint> {
  const { reading, source } = file;
  if (reading.fault) throw reading.fault;
  const pickle = reading as Pickle;
  const sources = sourceList(input.source);
  const tree = walkTree<MxnetLeaf>(pickle.root, unfold);
  const problems: Problem[] = [...tree.problems, ...unknownGlobals(pickle.imports, isMxnet)];
  const shelf = { sources, problems, budget: allocationBudget(input.source.byteLength) };
  const tensors: StoredTensor[] = [];
  for (const { path, leaf } of tree.leaves) {
    const name = path.length === 0 ? 'value' : path.join('.');
    const stored =
      leaf.kind === 'record'
        ? await storeRecord(name, leaf.bytes, source, shelf)
        : await storeArrayLeaf(name, leaf, source, shelf);
    for (const tensor of stored) tensors.push(tensor);
  }
  if (pickle.end < source.byteLength) {
    const message = `${source.byteLength - pickle.end} bytes follow the pickle`;
    problems.push({ code: 'trailing-bytes', message, offset: pickle.end });
  }
  const isOptimizer = pickle.imports.some(({ module }) => module.startsWith('mxnet.optimizer'));
  return {
    format: 'mxnet',
    dialect: `MXNet arrays in a Python pickle, protocol ${pickle.protocol}${isOptimizer ? ', with their optimizer' : ''}`,
    layout: tree.layout === 'leaf' ? 'tensor' : tree.layout,
    sources: sources.sources,
    tensors,
    regions: file.packing === 'none' ? [{ source: 0, begin: 0, end: pickle.end, label: 'pickle' }] : [],
    imports: pickle.imports.map((imported) => ({ ...imported, stream: input.name })),
    problems,
    metadata: tree.metadata,
  };
}

function unfold(node: PickleObject): Unfolded<MxnetLeaf> | undefined {
  const call = asKind(node, 'call');
  const named = asKind(call?.callable, 'global');
  const helped = named?.name === '_reconstructor' ? asKind(itemsOf(call?.args)?.[0], 'global') : named;
  if (!call || !helped || !isMxnet(helped.module)) return unfoldArray(node);
  const bytes = new Map(stateEntries(call)).get('handle');
  return isBytesLike(bytes) ? { kind: 'leaf', leaf: { kind: 'record', bytes: bytes! } } : undefined;
}

async function storeRecord(
  name: string,
  node: PickleNode,
  source: ByteSource,
  shelf: ArrayShelf,
): Promise<readonly StoredTensor[]> {
  let record = source;
  try {
    record = await recordSource(node, source);
    const array = await readNdArray(sourceCursor(record), 0);
    return [await describeArray(name, array, record, shelf)];
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'io' || error.code === 'cancelled') throw error;
    const { offset } = error.fields;
    const place = offset === undefined ? {} : { offset: shelf.sources.place(record, offset).offset };
    shelf.problems.push({ code: error.code, message: error.message, tensor: name, ...place });
    return [];
  }
}

/** The bytes of a record, in place where the pickle has them as they are. */
async function recordSource(node: PickleNode, pickle: ByteSource): Promise<ByteSource> {
  const span = spanOf(node);
  if (span) return spanSource(pickle, span.offset, span.byteLength);
  return memorySource(await bytesOf(node, pickle, PICKLED_ARRAY_BYTES), pickle.name);
}

function isMxnet(module: string): boolean {
  return module === 'mxnet' || module.startsWith('mxnet.');
}
