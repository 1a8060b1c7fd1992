// Python pickles of arrays: Python's Lib/pickle.py, and joblib/numpy_pickle.py for arrays behind their wrappers.
import { PICKLES_IN_A_FILE } from '#main/bytes/limits.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { PickledFile } from '#main/encodings/ndarray/pickled-file.ts';
import type { ArrayLeaf } from '#main/encodings/ndarray/unfold-array.ts';
import { pickleOwner } from '#main/encodings/pickle/pickle-owner.ts';
import type { Pickle } from '#main/encodings/pickle/pickle.ts';
import { walkTree, type PickleTree } from '#main/encodings/pickle/tree.ts';
import type { Checkpoint, Format, Region, StoredTensor } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import {
  checksumsOf,
  storeArrayLeaf,
  unknownGlobals,
  type ArrayShelf,
} from '#main/formats/pickled-tensors.ts';
import { dialectOf } from '#main/formats/pickle/dialect.ts';
import { unfoldPickled } from '#main/formats/pickle/unfold.ts';
import { metadataFrom, type Metadata, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** What Python's own pickle and joblib write, but for the files that are some framework's. */
export const pickle: Format = {
  name: 'pickle',
  title: 'Python pickle',
  reads:
    'arrays wherever they are in what `pickle.dump`, `joblib.dump` or `paddle.save` wrote, protocols 0 to 5, plain or packed by zlib, gzip or bzip2; objects of any class are walked and never built',
  extensions: ['pkl', 'pickle', 'joblib', 'pdparams', 'pdopt'],
  claims: async (input) => {
    if (input.kind !== 'file') return false;
    const file = await input.pickle();
    return file !== undefined && pickleOwner(file.reading) === 'nobody';
  },
  open,
};

async function open(input: FormatInput): Promise<Checkpoint> {
  const file = input.kind === 'file' ? await input.pickle() : undefined;
  if (input.kind !== 'file' || !file) throw new AppError('internal', 'the pickle has been recognised before');
  const problems: Problem[] = [];
  const pickles = await readAll(file, problems);
  const sources = sourceList(input.source);
  const shelf: ArrayShelf = {
    sources,
    problems,
    checksums: checksumsOf(file, sources.place(file.source, 0).source),
  };
  const trees = pickles.map(({ root }) => walkTree<ArrayLeaf>(root, unfoldPickled));
  const isLone = trees.length === 1;
  const tensors: StoredTensor[] = [];
  for (const [index, tree] of trees.entries()) {
    problems.push(...tree.problems, ...unknownGlobals(pickles[index]!.imports));
    for (const { path, leaf } of tree.leaves) {
      const names = isLone ? path : [String(index), ...path];
      const name = names.length === 0 ? 'value' : names.join('.');
      for (const tensor of await storeArrayLeaf(name, leaf, file.source, shelf)) tensors.push(tensor);
    }
  }
  return {
    format: pickle.name,
    dialect: dialectOf(pickles, file.packing),
    layout: isLone ? layoutOf(trees[0]!) : 'list',
    sources: sources.sources,
    tensors,
    regions: regionsOf(file, pickles),
    imports: pickles.flatMap(({ imports }) => imports.map((name) => ({ ...name, stream: input.name }))),
    problems,
    metadata: metadataOf(trees),
  };
}

/** Whoever calls pickle.dump several times on one file has several pickles in it. @throws what is wrong with the first. */
async function readAll({ reading, source, readPickle }: PickledFile, problems: Problem[]): Promise<Pickle[]> {
  if (reading.fault) throw reading.fault;
  const pickles = [reading as Pickle];
  let { end } = reading;
  while (end < source.byteLength) {
    const next = pickles.length < PICKLES_IN_A_FILE ? await readPickle(end) : undefined;
    if (!next || next.fault) {
      const message = `${source.byteLength - end} bytes follow the pickle, and they are no other`;
      problems.push({ code: 'trailing-bytes', message, offset: end });
      break;
    }
    pickles.push(next as Pickle);
    end = next.end;
  }
  return pickles;
}

function layoutOf({ layout }: PickleTree<ArrayLeaf>): Checkpoint['layout'] {
  return layout === 'leaf' ? 'tensor' : layout;
}

function metadataOf(trees: readonly PickleTree<ArrayLeaf>[]): Metadata {
  if (trees.length === 1) return trees[0]!.metadata;
  return metadataFrom(
    trees.flatMap(({ metadata }, index) =>
      Object.keys(metadata).length > 0 ? [[String(index), metadata] as const] : [],
    ),
  );
}

/** Places in a packed file are none of the file's. */
function regionsOf({ packing }: PickledFile, pickles: readonly Pickle[]): readonly Region[] {
  if (packing !== 'none') return [];
  return pickles.map(({ begin, end }, index) => ({
    source: 0,
    begin,
    end,
    label: pickles.length === 1 ? 'pickle' : `pickle ${index}`,
  }));
}
