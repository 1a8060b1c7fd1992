/** The parts of a sharded checkpoint as one: each is opened as the file that it is, and held against what the index says. */
import { isBareName } from '#main/bytes/folder.ts';
import { SHARDS, SHARDS_OPEN } from '#main/bytes/limits.ts';
import { restingSource } from '#main/bytes/resting-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint, Region, StoredTensor } from '#main/formats/contract.ts';
import { fileInput, type FileInput, type FormatInput } from '#main/formats/input.ts';
import { movedTensor } from '#main/formats/shard-move.ts';
import { shardProblems } from '#main/formats/shard-problems.ts';
import { strayParts, type ShardSet } from '#main/formats/shard-sets.ts';
import { metadataFrom, type Metadata, type Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** A part that could be opened. */
export interface OpenedPart {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/**
 * Opens every part; one that is missing or damaged is a problem, the others stay readable.
 * The checkpoint owns the sources of all of them, and that of the input.
 * @param openPart opens one file on its own, whatever lies beside it.
 */
export async function openShardSet(
  set: ShardSet,
  input: FormatInput,
  openPart: (part: FileInput) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const parts: OpenedPart[] = [];
  const problems: Problem[] = [];
  const missing: string[] = [];
  const own = input.kind === 'file' ? input : undefined;
  try {
    for (const name of set.parts.slice(0, SHARDS)) {
      try {
        const source = await partSource(name, set, own);
        parts.push({ name, checkpoint: await openOrClose(source, own, openPart) });
      } catch (error) {
        if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
        missing.push(name);
        problems.push({ code: 'missing-part', message: partProblem(name, error) });
      }
    }
  } catch (error) {
    for (const { checkpoint } of parts) await closeAll(checkpoint.sources, own?.source);
    throw error;
  }
  const beyond = set.parts.length - SHARDS;
  if (beyond > 0)
    problems.push({ code: 'limit', message: `${beyond} parts beyond the first ${SHARDS} are not read` });
  for (const name of await strayParts(set)) {
    const message = `${name} lies beside the parts, and the index does not name it`;
    problems.push({ code: 'extra-part', message });
  }
  problems.push(...shardProblems(set, parts, missing));
  return joinParts(set, parts, problems, own);
}

async function partSource(
  name: string,
  { folder, parts }: ShardSet,
  own: FileInput | undefined,
): Promise<ByteSource> {
  if (!isBareName(name)) throw new AppError('corrupt', 'its name leads out of the folder');
  if (name === own?.name) return own.source;
  if (!folder || !(await folder.has(name))) throw new AppError('not-found', 'it is not in the folder');
  if (await folder.leadsOut?.(name))
    throw new AppError('corrupt', 'it is a link that leads out of the folder');
  const source = await folder.open(name);
  // of many parts none stays open: each is opened again when it is read
  return parts.length > SHARDS_OPEN ? restingSource(source) : source;
}

function partProblem(name: string, error: AppError): string {
  return `the part ${name.slice(0, 200)} cannot be read: ${error.message}`;
}

async function openOrClose(
  source: ByteSource,
  own: FileInput | undefined,
  openPart: (part: FileInput) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  try {
    return await openPart(await fileInput(source));
  } catch (error) {
    if (source !== own?.source) await source.close();
    throw error;
  }
}

async function closeAll(sources: readonly ByteSource[], but: ByteSource | undefined): Promise<void> {
  await Promise.all(sources.filter((source) => source !== but).map((source) => source.close()));
}

function joinParts(
  set: ShardSet,
  parts: readonly OpenedPart[],
  problems: readonly Problem[],
  own: FileInput | undefined,
): Checkpoint {
  const isOwnIndex = own !== undefined && own.name === set.index?.name;
  const sources: ByteSource[] = isOwnIndex ? [own.source] : [];
  const tensors: StoredTensor[] = [];
  const regions: Region[] = isOwnIndex
    ? [{ source: 0, begin: 0, end: own.source.byteLength, label: 'shard index' }]
    : [];
  for (const { checkpoint } of parts) {
    const base = sources.length;
    sources.push(...checkpoint.sources);
    for (const tensor of checkpoint.tensors) tensors.push(movedTensor(tensor, base));
    for (const region of checkpoint.regions) regions.push({ ...region, source: base + region.source });
  }
  // the part that led here may be one that could not be read
  if (own && !sources.includes(own.source)) sources.push(own.source);
  const code = parts.flatMap(({ checkpoint }) => checkpoint.code ?? []);
  return {
    format: set.format,
    dialect: `${parts[0]?.checkpoint.dialect ?? set.format}, in ${set.parts.length} ${set.parts.length === 1 ? 'part' : 'parts'}`,
    layout: 'dict',
    sources,
    tensors,
    regions,
    imports: parts.flatMap(({ name, checkpoint }) =>
      checkpoint.imports.map((imported) => ({ ...imported, stream: `${name}: ${imported.stream}` })),
    ),
    ...(code.length > 0 ? { code } : {}),
    problems,
    metadata: joinedMetadata(set, parts),
  };
}

/** What the index says, what all parts say alike, and what the parts are. */
function joinedMetadata({ index }: ShardSet, parts: readonly OpenedPart[]): Metadata {
  const [first, ...others] = parts.map(({ checkpoint }) => checkpoint.metadata);
  const common = Object.entries(first ?? {}).filter(([key, value]) =>
    others.every((other) => Object.hasOwn(other, key) && isSame(other[key], value)),
  );
  return metadataFrom([
    ...common,
    ...Object.entries(index?.metadata ?? {}),
    ['parts', parts.map(({ name }) => name)],
  ]);
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && textOf(a) === textOf(b));
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}
