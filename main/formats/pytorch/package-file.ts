// Packages of code and objects: torch/package/package_exporter.py, package_importer.py.
import { TORCHSCRIPT_CODE_BYTES } from '#main/bytes/limits.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { ZipArchive, ZipEntry } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, CodePart, PickleImport, StoredTensor } from '#main/formats/contract.ts';
import { archiveStorages, unusedStorages } from '#main/formats/pytorch/archive-storages.ts';
import {
  archiveRegions,
  openArchive,
  readMemberPickle,
  readMemberText,
  type TorchArchive,
} from '#main/formats/pytorch/archive.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import { metadataFrom, type MetadataValue } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

const MARK = '.data/extern_modules';
const RECORDS = '.data/';
const PICKLE = '.pkl';
const CODE = '.py';
const STORAGE = '.storage';

/** The folder of a package's archive with its slash, or undefined for other archives. */
export function packagePrefix(zip: ZipArchive): string | undefined {
  const found = zip.entries.find(({ name }) => /^([^/]+\/)?\.data\/extern_modules$/.test(name));
  return found?.name.slice(0, -MARK.length);
}

/** Every pickle of the package is an object of its own, named by its path; the code is shown. */
export async function openPackageFile(
  source: ByteSource,
  zip: ZipArchive,
  prefix: string,
): Promise<Checkpoint> {
  const sources = sourceList(source);
  const archive = await openArchive(source, zip, prefix, sources);
  const tensors: StoredTensor[] = [];
  const imports: PickleImport[] = [];
  const metadata: [string, MetadataValue][] = [];
  const used = new Set<string>();
  for (const entry of resourcesOf(archive, PICKLE)) {
    const path = entry.name.slice(prefix.length, -PICKLE.length).replaceAll('/', '.');
    try {
      const member = await readMemberPickle(archive, entry);
      imports.push(...member.imports);
      const storages = archiveStorages(archive, [RECORDS], member.checksums, STORAGE);
      const shelf = { storages, pickleSource: member.member, problems: archive.problems };
      const graph = await readObjectGraph(member.pickle, shelf);
      for (const name of storages.used) used.add(name);
      const isLone = graph.layout === 'tensor';
      for (const tensor of graph.tensors)
        tensors.push({ ...tensor, name: isLone ? path : `${path}.${tensor.name}` });
      if (Object.keys(graph.metadata).length > 0) metadata.push([path, graph.metadata]);
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      const message = `${entry.name} cannot be read: ${error.message}`;
      archive.problems.push({ code: error.code, message, offset: entry.headerOffset });
    }
  }
  const code = await codeOf(archive);
  return {
    format: 'pytorch',
    dialect: 'PyTorch package (torch.package): code and objects in one archive',
    layout: 'dict',
    tensors,
    metadata: metadataFrom(metadata),
    sources: sources.sources,
    regions: await archiveRegions(archive),
    imports,
    ...(code.length > 0 ? { code } : {}),
    problems: [...zip.problems, ...archive.problems, ...unusedStorages(archive, RECORDS, used, STORAGE)],
  };
}

/** What the author has put into the package, by the ending of its name. */
function resourcesOf({ zip, prefix }: TorchArchive, ending: string): readonly ZipEntry[] {
  const records = `${prefix}${RECORDS}`;
  return zip.entries.filter(
    ({ name }) => name.startsWith(prefix) && !name.startsWith(records) && name.endsWith(ending),
  );
}

/** The modules that an importer would run, as far as we read that much. */
async function codeOf(archive: TorchArchive): Promise<readonly CodePart[]> {
  const { zip, prefix, problems } = archive;
  const parts: CodePart[] = [];
  let left = TORCHSCRIPT_CODE_BYTES;
  for (const entry of resourcesOf(archive, CODE)) {
    if (entry.byteLength === 0) continue;
    try {
      const text = await readMemberText(zip, entry, left);
      left -= entry.byteLength;
      const name = entry.name.slice(prefix.length, -CODE.length).replaceAll('/', '.');
      parts.push({ kind: 'torch-package', name, stream: entry.name, text });
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      const message = `the code in ${entry.name} is not shown: ${error.message}`;
      problems.push({
        code: error.code === 'limit' ? 'code-cut' : error.code,
        message,
        offset: entry.headerOffset,
      });
    }
  }
  return parts;
}
