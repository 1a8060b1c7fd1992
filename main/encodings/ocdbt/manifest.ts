// Manifests: google/tensorstore tensorstore/kvstore/ocdbt/index.rst, "Manifest format", with the manifest kind of format/config.h.
import { MANIFEST_MAGIC, openEnvelope } from '#main/encodings/ocdbt/envelope.ts';
import type { Fields } from '#main/encodings/ocdbt/fields.ts';
import { readDataFiles, type DataFile } from '#main/encodings/ocdbt/data-files.ts';

/** The newest state of a database. */
export interface Manifest {
  /** Numbered ones say in the plain one no more than that they are. */
  readonly kind: 'single' | 'numbered';
  readonly compression: 'none' | 'zstd';
  /** Undefined for a database that was never written to. */
  readonly newest: Version | undefined;
}

export interface Version {
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly commitTime: number;
  readonly root: NodePlace | undefined;
}

/** Where a node of the tree is. */
export interface NodePlace {
  readonly file: DataFile;
  readonly offset: number;
  readonly byteLength: number;
  /** Above the leaves. */
  readonly height: number;
}

const UUID_BYTES = 16;
const LEVEL_BYTES = 4;
const TIME_BYTES = 8;
const NUMBERED = 1;

/** @throws AppError `corrupt`, `unsupported`. */
export function readManifest(bytes: Uint8Array, file: string): Manifest {
  const { body } = openEnvelope(bytes, MANIFEST_MAGIC, { what: 'the manifest', file, offset: 0 });
  body.skip(UUID_BYTES);
  const kind = body.count();
  // the largest values and nodes that are written
  body.counts(2);
  body.u8();
  const compression = body.count();
  if (compression === 1) body.skip(LEVEL_BYTES);
  if (kind > NUMBERED || compression > 1)
    throw body.fault('is of a kind that is not known', `${kind}, ${compression}`);
  const common = { compression: compression === 1 ? ('zstd' as const) : ('none' as const) };
  if (kind === NUMBERED && body.rest().byteLength === 0)
    return { ...common, kind: 'numbered', newest: undefined };
  return { ...common, kind: kind === NUMBERED ? 'numbered' : 'single', newest: newestVersion(body) };
}

/** The last one of the versions that stand in the manifest itself; older ones are in nodes that nobody needs here. */
function newestVersion(body: Fields): Version | undefined {
  const files = readDataFiles(body, '');
  const count = body.count();
  if (count === 0) return undefined;
  const generations = body.counts(count);
  const heights = Array.from(body.bytes(count));
  const fileIds = body.counts(count);
  const offsets = body.counts(count);
  const lengths = body.counts(count);
  const keys = body.counts(count);
  // bytes of the tree, and of the values beside it
  body.counts(count);
  body.counts(count);
  const times = body.bytes(TIME_BYTES * count);
  const last = count - 1;
  const time = new DataView(times.buffer, times.byteOffset + TIME_BYTES * last, TIME_BYTES).getBigUint64(
    0,
    true,
  );
  const file = files[fileIds[last]!];
  const isEmpty = keys[last] === 0;
  if (!file && !isEmpty)
    throw body.fault('refers to a data file that it does not list', String(fileIds[last]));
  return {
    generation: generations[last]!,
    // nanoseconds, whatever the specification says: format/version_tree.h
    commitTime: Number(time / 1_000_000n),
    root:
      file && !isEmpty
        ? { file, offset: offsets[last]!, byteLength: lengths[last]!, height: heights[last]! }
        : undefined,
  };
}
