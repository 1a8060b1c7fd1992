import { readJson } from '#main/encodings/json/json.ts';
import { metadataFrom, type Metadata, type MetadataValue, type Problem } from '#shared/checkpoint.ts';

/** What a `.weights.json` says. */
export interface ShardIndex {
  /** The parts in the order they are first named, each once; as the file has them. */
  readonly files: readonly string[];
  /** Paths of the groups whose variables the parts hold, without a leading slash. */
  readonly groups: ReadonlySet<string>;
  /** Bytes of all variables, where it is told. */
  readonly totalBytes: number | undefined;
  readonly metadata: Metadata;
  readonly problems: readonly Problem[];
}

/** What a part is called; other files of HDF5 are those of other writers' indexes. */
export const WEIGHT_FILE = /\.weights\.h5$/i;

/**
 * @returns undefined for JSON that maps nothing, or not to Keras's weight files: other frameworks' indexes look alike.
 * @throws AppError `corrupt` for text that is no JSON.
 */
export function parseShardIndex(text: string, file: string): ShardIndex | undefined {
  const reader = readJson(text, { what: 'the shard index', file });
  reader.skip();
  reader.end();
  const root = JSON.parse(text) as unknown;
  if (!isObject(root) || !isObject(root['weight_map'])) return undefined;
  const files = new Set<string>();
  const groups = new Set<string>();
  const problems: Problem[] = [];
  for (const [group, value] of Object.entries(root['weight_map'])) {
    groups.add(group.replace(/^\/+/, ''));
    const names = Array.isArray(value) ? value : [value];
    for (const name of names) {
      if (typeof name === 'string') files.add(name);
      else
        problems.push({
          code: 'shard-index',
          message: `the index maps ${group} to something that is no name`,
        });
    }
  }
  const isOurs = files.size > 0 && [...files].every((name) => WEIGHT_FILE.test(name));
  if (!isOurs) return undefined;
  const stated = isObject(root['metadata']) ? root['metadata'] : {};
  const total = stated['total_size'];
  return {
    files: [...files],
    groups,
    totalBytes: typeof total === 'number' ? total : undefined,
    metadata: metadataFrom(
      Object.entries(stated).flatMap(([key, value]) => (isPlain(value) ? [[key, value] as const] : [])),
    ),
    problems,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isPlain(value: unknown): value is MetadataValue {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
