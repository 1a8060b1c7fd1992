// TorchScript programs since 1.4, the mobile ones included: torch/csrc/jit/serialization/{export_module,import}.cpp.
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { itemsOf, safeInteger, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { archiveStorages, namedStorages, unusedStorages } from '#main/formats/pytorch/archive-storages.ts';
import {
  archiveRegions,
  openArchive,
  readMemberPickle,
  type MemberPickle,
  type TorchArchive,
} from '#main/formats/pytorch/archive.ts';
import { scriptDialect } from '#main/formats/pytorch/dialect.ts';
import { extraFiles } from '#main/formats/pytorch/extra-files.ts';
import { readObjectGraph, type GraphContent } from '#main/formats/pytorch/object-graph.ts';
import { codeMetadata, scriptCode } from '#main/formats/pytorch/script/code-parts.ts';
import { debugImports } from '#main/formats/pytorch/script/debug-imports.ts';
import { metadataFrom } from '#shared/checkpoint.ts';

const OBJECT = 'data.pkl';
const CONSTANTS = 'constants.pkl';
const BYTECODE = 'bytecode.pkl';

/** The folder of a program's archive with its slash, or undefined for other archives. */
export function scriptPrefix(zip: ZipArchive): string | undefined {
  const found = zip.entries.find(({ name }) => {
    const prefix = name.slice(0, -OBJECT.length);
    return name.endsWith(OBJECT) && /^([^/]*\/)?$/.test(prefix) && zip.find(`${prefix}${CONSTANTS}`);
  });
  return found?.name.slice(0, -OBJECT.length);
}

/** Attributes of the module and the constants of its code are the tensors; the code is shown. */
export async function openScriptFile(
  source: ByteSource,
  zip: ZipArchive,
  prefix: string,
): Promise<Checkpoint> {
  const sources = sourceList(source);
  const archive = await openArchive(source, zip, prefix, sources);
  const module = await readMemberPickle(archive, zip.find(`${prefix}${OBJECT}`)!);
  const constants = await readMemberPickle(archive, zip.find(`${prefix}${CONSTANTS}`)!);
  const bytecodeEntry = zip.find(`${prefix}${BYTECODE}`);
  const bytecode = bytecodeEntry ? await readMemberPickle(archive, bytecodeEntry) : undefined;
  const code = await scriptCode(archive);
  const used = new Set<string>(bytecode ? namedStorages(bytecode.pickle.root, archive) : []);
  const attributes = await readPart(archive, module, module.pickle.root, ['data/', 'constants/'], used);
  const values = await readPart(
    archive,
    constants,
    numbered(constants.pickle.root),
    ['constants/', 'data/'],
    used,
  );
  const debug = await debugImports(archive);
  const version = bytecode && bytecodeVersion(bytecode.pickle.root);
  return {
    format: 'pytorch',
    dialect: scriptDialect(archive.records, bytecode !== undefined),
    layout: 'dict',
    tensors: [...attributes.tensors, ...values.tensors],
    metadata: metadataFrom([
      ...Object.entries(attributes.metadata),
      ...Object.entries(values.metadata),
      ...(version === undefined ? [] : [['bytecode_version', version] as const]),
      ...Object.entries(await extraFiles(archive, 'extra/')),
      ...Object.entries(codeMetadata(code)),
    ]),
    sources: sources.sources,
    regions: await archiveRegions(archive),
    imports: [...module.imports, ...constants.imports, ...(bytecode?.imports ?? []), ...debug],
    ...(code.length > 0 ? { code } : {}),
    problems: [
      ...zip.problems,
      ...archive.problems,
      ...unusedStorages(archive, 'data/', used),
      ...unusedStorages(archive, 'constants/', used),
    ],
  };
}

async function readPart(
  archive: TorchArchive,
  { pickle, member, checksums }: MemberPickle,
  root: PickleNode,
  folders: readonly [string, ...string[]],
  used: Set<string>,
): Promise<GraphContent> {
  const storages = archiveStorages(archive, folders, checksums);
  const shelf = { storages, pickleSource: member, problems: archive.problems };
  const graph = await readObjectGraph({ root, imports: pickle.imports }, shelf);
  for (const name of storages.used) used.add(name);
  return graph;
}

/** Constants by the names that the code calls them by: `CONSTANTS.c0`. */
function numbered(root: PickleNode): PickleNode {
  const items = itemsOf(root) ?? [];
  if (items.length === 0) return dictOf([]);
  const constants = dictOf(items.map((item, index) => [`c${index}`, item]));
  return dictOf([['CONSTANTS', constants]]);
}

function dictOf(entries: readonly (readonly [string, PickleNode])[]): PickleNode {
  const keys = entries.map(
    ([value]) => ({ kind: 'text', value, spelling: 'utf8', offset: 0, byteLength: 0 }) as const,
  );
  return { kind: 'dict', keys, values: entries.map(([, value]) => value) };
}

/** Mobile code begins with its version. */
function bytecodeVersion(root: PickleNode): number | undefined {
  return safeInteger(itemsOf(root)?.[0]);
}
