// What torch.save writes since 1.6: torch/serialization.py (_save, _load).
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { isObject } from '#main/encodings/pickle/nodes.ts';
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, PickleImport } from '#main/formats/contract.ts';
import { archiveStorages, namedStorages, unusedStorages } from '#main/formats/pytorch/archive-storages.ts';
import {
  archiveRegions,
  folderOfEntry,
  openArchive,
  readMemberPickle,
  type TorchArchive,
} from '#main/formats/pytorch/archive.ts';
import { zipDialect } from '#main/formats/pytorch/dialect.ts';
import { readObjectGraph, type GraphContent } from '#main/formats/pytorch/object-graph.ts';

const PICKLE_NAME = 'data.pkl';

/**
 * The folder that a torch.save archive keeps everything in, with its slash; empty where there is none.
 * @returns undefined for other archives: without a pickle, or TorchScript's, which have constants as well.
 */
export function savedPrefix(zip: ZipArchive): string | undefined {
  const prefix = folderOfEntry(zip, PICKLE_NAME);
  return prefix === undefined || zip.find(`${prefix}constants.pkl`) ? undefined : prefix;
}

/** Reads the archive's directory, its pickle and its small records; storages stay where they are. */
export async function openZipFile(source: ByteSource, zip: ZipArchive, prefix: string): Promise<Checkpoint> {
  const sources = sourceList(source);
  const archive = await openArchive(source, zip, prefix, sources);
  const { graph, imports } = await readSavedObject(archive);
  return {
    format: 'pytorch',
    dialect: zipDialect(archive.records, archive.byteOrder, graph.metadata),
    ...graph,
    sources: sources.sources,
    regions: await archiveRegions(archive),
    imports,
    problems: [...zip.problems, ...archive.problems],
  };
}

export interface SavedObject {
  readonly graph: GraphContent;
  readonly imports: readonly PickleImport[];
  /** The object is a number, a text or nothing, and has no parts. */
  readonly isPlain: boolean;
}

/** What an archive by torch.save holds. Problems go to the archive's. */
export async function readSavedObject(archive: TorchArchive): Promise<SavedObject> {
  const { zip, prefix, problems } = archive;
  const { pickle, member, checksums, imports } = await readMemberPickle(
    archive,
    zip.find(`${prefix}${PICKLE_NAME}`)!,
  );
  const storages = archiveStorages(archive, ['data/'], checksums);
  const graph = await readObjectGraph(pickle, { storages, pickleSource: member, problems });
  if (unusedStorages(archive, 'data/', storages.used).length > 0) {
    const named = new Set([...storages.used, ...namedStorages(pickle.root, archive)]);
    problems.push(...unusedStorages(archive, 'data/', named));
  }
  const isPlain = !isObject(pickle.root) || PLAIN.has(pickle.root.kind);
  return { graph, imports, isPlain };
}

const PLAIN: ReadonlySet<string> = new Set(['float', 'text', 'bytes']);
