// TorchScript for mobile devices as FlatBuffers, since 1.12: torch/csrc/jit/serialization/{mobile_bytecode.fbs,flatbuffer_serializer.cpp}.
import {
  FLATBUFFERS_PAGE_BYTES,
  FLATBUFFERS_PAGES,
  TORCH_EXTRA_BYTES,
  TORCHSCRIPT_CODE_BYTES,
} from '#main/bytes/limits.ts';
import { pagedSource } from '#main/bytes/paged-source.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { flatBuffers, type FlatBuffers, type FlatTable } from '#main/encodings/flatbuffers/flatbuffers.ts';
import { asKind, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import type { Checkpoint, CodePart, Region } from '#main/formats/contract.ts';
import { flatDialect } from '#main/formats/pytorch/dialect.ts';
import { plainText } from '#main/formats/pytorch/id-parts.ts';
import { storageKey } from '#main/formats/pytorch/mobile/tensor-node.ts';
import { readObjectTypes, readValues, type MobileValues } from '#main/formats/pytorch/mobile/values.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import { codeMetadata } from '#main/formats/pytorch/script/code-parts.ts';
import type { PlacedStorage } from '#main/formats/pytorch/storages.ts';
import { metadataFrom, type Metadata, type Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

const MAGIC_AT = 4;
const MAGIC = 'PTMF';

/** Fields of Module. */
const BYTECODE_VERSION = 0;
const EXTRA_FILES = 1;
const STATE = 3;
const VALUES = 4;
const STORAGES = 6;
const OBJECT_TYPES = 7;
const SOURCES = 8;
const CONSTANTS = 9;
const OPERATOR_VERSION = 10;

/** Whether a file begins as a mobile program in FlatBuffers. */
export function isMobileFile(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(MAGIC_AT, MAGIC_AT + MAGIC.length)).toString('latin1') === MAGIC;
}

/** Opens a file that `isMobileFile` has recognised: attributes of the module and constants of its functions are the tensors. */
export async function openMobileFile(source: ByteSource): Promise<Checkpoint> {
  const file = flatBuffers(
    pagedSource(source, { pageBytes: FLATBUFFERS_PAGE_BYTES, pages: FLATBUFFERS_PAGES }),
  );
  const module = await file.root();
  const problems: Problem[] = [];
  const types = await readObjectTypes(file, await file.references(module, OBJECT_TYPES));
  const values = await readValues(file, await file.references(module, VALUES), types);
  const placed = await placeStorages(file, module, source);
  const root = rootOf(values, module.u32(STATE), await indices(file, module, CONSTANTS));
  const sources = sourceList(source);
  const storages = { sources, pickleChecksums: [], find: finder(placed) };
  const graph = await readObjectGraph({ root, imports: [] }, { storages, pickleSource: source, problems });
  const code = await codeOf(file, module);
  return {
    format: 'pytorch',
    dialect: flatDialect(module.u32(BYTECODE_VERSION)),
    ...graph,
    metadata: metadataFrom([
      ...Object.entries(graph.metadata),
      ['bytecode_version', module.u32(BYTECODE_VERSION)],
      ['operator_version', module.u32(OPERATOR_VERSION)],
      ...Object.entries(await extraFilesOf(file, module)),
      ...Object.entries(codeMetadata(code)),
    ]),
    sources: sources.sources,
    regions: regionsOf(placed),
    imports: [],
    ...(code.length > 0 ? { code } : {}),
    problems,
  };
}

/** Each storage is a table of one vector of bytes. */
async function placeStorages(
  file: FlatBuffers,
  module: FlatTable,
  source: ByteSource,
): Promise<readonly PlacedStorage[]> {
  const placed: PlacedStorage[] = [];
  for (const position of await file.references(module, STORAGES)) {
    const vector = await file.vectorIn(await file.table(position), 0, 1);
    const { begin, count } = vector ?? { begin: 0, count: 0 };
    placed.push({ source, offset: begin, byteLength: count, byteOrder: 'little', checksums: [] });
  }
  return placed;
}

function finder(placed: readonly PlacedStorage[]): (id: { readonly key: string }) => Promise<PlacedStorage> {
  return async ({ key }) => {
    const storage = placed[Number(key)];
    if (storage) return storage;
    throw new AppError('corrupt', `the storage ${key} is missing from the file`, {
      expected: `one of ${placed.length} storages`,
      found: key,
    });
  };
}

async function indices(file: FlatBuffers, table: FlatTable, field: number): Promise<readonly number[]> {
  const view = await file.items(table, field, 4);
  return Array.from({ length: view.byteLength / 4 }, (_, index) => view.getUint32(4 * index, true));
}

/**
 * The module, with the constants beside its attributes by the names that TorchScript's code has for them: `CONSTANTS.c0`.
 * @param stated numbers of the constants of the program's code, where it is in the file; else those of the functions are taken.
 */
function rootOf({ nodes, constants }: MobileValues, state: number, stated: readonly number[]): PickleNode {
  const module = nodes[state] ?? null;
  const values = (stated.length > 0 ? stated : constants.filter((index) => isTensor(nodes[index]))).map(
    (index) => nodes[index] ?? null,
  );
  const attributes = asKind(asKind(module, 'call')?.states?.[0], 'dict');
  if (values.length === 0 || !attributes) return module;
  attributes.keys.push(plainText('CONSTANTS'));
  attributes.values.push({ kind: 'dict', keys: values.map((_, index) => plainText(`c${index}`)), values });
  return module;
}

function isTensor(node: PickleNode | undefined): boolean {
  return asKind(asKind(node, 'call')?.callable, 'global')?.module === 'torch._utils';
}

/** The program's source, which files that full TorchScript wrote have with them. */
async function codeOf(file: FlatBuffers, module: FlatTable): Promise<readonly CodePart[]> {
  const texts = await namedTexts(file, module, SOURCES, TORCHSCRIPT_CODE_BYTES);
  return texts.map(([name, text]) => ({ kind: 'torchscript', name, stream: name, text }));
}

async function extraFilesOf(file: FlatBuffers, module: FlatTable): Promise<Metadata> {
  const texts = await namedTexts(file, module, EXTRA_FILES, TORCH_EXTRA_BYTES);
  return metadataFrom(texts.length === 0 ? [] : [['extra_files', metadataFrom(texts)]]);
}

/** Tables of a name and a text; beyond `most` bytes only how long a text is. */
async function namedTexts(
  file: FlatBuffers,
  module: FlatTable,
  field: number,
  most: number,
): Promise<readonly [string, string][]> {
  const texts: [string, string][] = [];
  let left = most;
  for (const position of await file.references(module, field)) {
    const table = await file.table(position);
    const length = (await file.vectorIn(table, 1, 1))?.count ?? 0;
    const name = (await file.textIn(table, 0)) ?? '?';
    texts.push([name, length > left ? `${length} bytes` : ((await file.textIn(table, 1)) ?? '')]);
    left -= Math.min(left, length);
  }
  return texts;
}

function regionsOf(placed: readonly PlacedStorage[]): readonly Region[] {
  return placed.map(({ offset, byteLength }, index) => ({
    source: 0,
    begin: offset,
    end: offset + byteLength,
    label: `storage ${storageKey(index)}`,
  }));
}
