// Orbax: google/orbax checkpoint/orbax/checkpoint (0.1 to 0.12), T5X folders and other zarr, versions 2 and 3.
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint, Format, Region, StoredTensor } from '#main/formats/contract.ts';
import type { FormatInput } from '#main/formats/input.ts';
import { openItem } from '#main/formats/orbax/item.ts';
import { readJsonFile, readJsonItem } from '#main/formats/orbax/json-files.ts';
import { CHECKPOINT_METADATA } from '#main/formats/orbax/member-names.ts';
import { findCheckpoint, type FoundCheckpoint } from '#main/formats/orbax/members.ts';
import { metadataFrom, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

export const orbax: Format = {
  name: 'orbax',
  title: 'Orbax',
  reads:
    'checkpoint folders by themselves or any file in them, however deep: OCDBT databases with Zstandard, zarr 2 and 3 with gzip, zlib, Zstandard, CRC-32C and shards; managers, steps, items; folders of T5X',
  extensions: ['ocdbt', 'zarr'],
  claims: async (input) => (await findCheckpoint(input)) !== undefined,
  open,
};

/** What one item is called that the user gave no name. */
const UNNAMED: ReadonlySet<string> = new Set(['', 'default', 'pytree']);
const UNFINISHED = /\.orbax-checkpoint-tmp(?:-\d+)?$/;

async function open(input: FormatInput): Promise<Checkpoint> {
  const found = await findCheckpoint(input);
  if (!found) throw new AppError('internal', 'Orbax checkpoints have their marks');
  const sources: ByteSource[] = [];
  try {
    const checkpoint = await describe(found, sources);
    // the file that led here is closed with the checkpoint
    if (input.kind === 'file') sources.push(input.source);
    return checkpoint;
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    throw error;
  }
}

async function describe(found: FoundCheckpoint, sources: ByteSource[]): Promise<Checkpoint> {
  const tensors: StoredTensor[] = [];
  const regions: Region[] = [];
  const problems: Problem[] = [...unfinished(found)];
  const metadata: [string, MetadataValue][] = [];
  const kinds = new Set<string>();
  const isAlone = found.items.filter(({ hasArrays }) => hasArrays).length === 1;
  for (const { name, folder, hasArrays } of found.items) {
    if (!hasArrays) {
      const json = await readJsonItem(folder);
      if (json !== undefined) metadata.push([name, json]);
      continue;
    }
    const item = await openItem(folder, sources);
    const prefix = isAlone && UNNAMED.has(name) ? '' : `${name}.`;
    const named = <Row extends { readonly name: string }>(row: Row): Row => ({
      ...row,
      name: prefix + row.name,
    });
    tensors.push(...item.tensors.map(named));
    problems.push(
      ...item.problems.map((problem) =>
        problem.tensor === undefined ? problem : { ...problem, tensor: prefix + problem.tensor },
      ),
    );
    metadata.push(...item.metadata.map(([key, value]) => [prefix + key, value] as [string, MetadataValue]));
    regions.push(...item.regions);
    kinds.add(item.kind);
  }
  const own = await readJsonFile(found.folder, CHECKPOINT_METADATA);
  if (own !== undefined) metadata.push([CHECKPOINT_METADATA, own]);
  if (found.steps) metadata.push(['steps', [...found.steps]]);
  return {
    format: orbax.name,
    dialect: dialectOf(found, [...kinds], own !== undefined),
    layout: 'dict',
    sources,
    tensors,
    regions,
    imports: [],
    problems,
    metadata: metadataFrom(metadata),
  };
}

function dialectOf({ steps }: FoundCheckpoint, kinds: readonly string[], isMarked: boolean): string {
  const newest = steps?.at(-1);
  const step =
    newest === undefined
      ? ''
      : `, step ${newest}${steps!.length > 1 ? `, the last of ${steps!.length}` : ''}`;
  return `${isMarked ? 'Orbax checkpoint' : 'Checkpoint of arrays'}: ${kinds.join(', ')}${step}`;
}

function unfinished({ folder, items }: FoundCheckpoint): Problem[] {
  const name = [folder.name, ...items.map((item) => item.folder.name)].find((one) => UNFINISHED.test(one));
  return name === undefined
    ? []
    : [{ code: 'interrupted', message: `${name} is a folder of a save that did not come to its end` }];
}
