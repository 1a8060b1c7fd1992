// MXNet symbols: nnvm's JSON graph (3rdparty/tvm/nnvm/src/pass/saveload_json.cc), written beside the parameters by Module.save_checkpoint and HybridBlock.export.
import { SYMBOL_BYTES, SYMBOL_NODES } from '#main/bytes/limits.ts';
import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import { readJson } from '#main/encodings/json/json.ts';
import type { FileInput } from '#main/formats/input.ts';
import { metadataFrom, type Metadata, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

/** `net-0003.params` goes with `net-symbol.json`. */
const PARAMETERS = /^(.+)-\d{4,}\.params$/s;

/** The network that parameters belong to, where it lies beside them; what is wrong with it is a problem. */
export async function symbolBeside(
  { name, folder }: FileInput,
  problems: Problem[],
): Promise<Metadata | undefined> {
  const prefix = PARAMETERS.exec(name)?.[1];
  const symbolName = `${prefix}-symbol.json`;
  if (prefix === undefined || !folder || !(await folder.has(symbolName))) return undefined;
  try {
    return await readSymbol(folder, symbolName);
  } catch (error) {
    if (!isAppError(error) || error.code === 'cancelled') throw error;
    problems.push({ code: 'symbol', message: `${symbolName} cannot be shown: ${error.message}` });
    return undefined;
  }
}

async function readSymbol(folder: Folder, name: string): Promise<Metadata | undefined> {
  const source = await openWithin(folder, name);
  try {
    if (source.byteLength > SYMBOL_BYTES) {
      return metadataFrom([
        ['file', name],
        ['operators', `not shown: the file has ${source.byteLength} bytes`],
      ]);
    }
    const text = new TextDecoder().decode(await source.read(0, source.byteLength));
    // says where it is broken, which JSON.parse does not
    const reader = readJson(text, { what: 'the symbol', file: name });
    reader.skip();
    reader.end();
    return describeGraph(JSON.parse(text), name);
  } finally {
    await source.close();
  }
}

/** The operators with their attributes and where their inputs come from; variables are what the parameters are. */
function describeGraph(graph: unknown, file: string): Metadata {
  const nodes = itemsOf(fieldOf(graph, 'nodes'));
  const names = nodes.map((node) => textOf(fieldOf(node, 'name')) ?? '?');
  const operators = nodes.flatMap((node, index): Metadata[] => {
    const op = textOf(fieldOf(node, 'op'));
    if (op === undefined || op === 'null' || index >= SYMBOL_NODES) return [];
    const inputs = itemsOf(fieldOf(node, 'inputs')).map((input) => names[Number(itemsOf(input)[0])] ?? '?');
    const attributes = attributesOf(node);
    return [
      metadataFrom([
        ['name', names[index]!],
        ['op', op],
        ['inputs', inputs],
        ...(attributes.length > 0 ? [['attributes', metadataFrom(attributes)] as const] : []),
      ]),
    ];
  });
  const version = itemsOf(fieldOf(fieldOf(graph, 'attrs'), 'mxnet_version'))[1];
  const shown: [string, MetadataValue][] = [
    ['file', file],
    ...(typeof version === 'number' ? [['mxnetVersion', versionText(version)] as [string, string]] : []),
    ['operators', operators],
    ...(nodes.length > SYMBOL_NODES
      ? [['notShown', `${nodes.length - SYMBOL_NODES} more nodes`] as [string, string]]
      : []),
  ];
  return metadataFrom(shown);
}

/** Spelled `attrs` since 1.0, `attr` or `param` before. */
function attributesOf(node: unknown): readonly (readonly [string, string])[] {
  return ['attrs', 'attr', 'param'].flatMap((field) => {
    const found = fieldOf(node, field);
    const entries = isRecord(found) ? Object.entries(found) : [];
    return entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []));
  });
}

/** 10901 is 1.9.1. */
function versionText(version: number): string {
  return `${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}.${version % 100}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
