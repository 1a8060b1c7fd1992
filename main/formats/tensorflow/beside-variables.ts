// What a SavedModel folder says beside its variables: tensorflow/core/protobuf/{saved_model,meta_graph}.proto, and its `assets`.
import { ASSETS, ASSET_TEXT_BYTES, PROTOBUF_TEXT_BYTES } from '#main/bytes/limits.ts';
import type { Folder } from '#main/bytes/folder.ts';
import { openWithin } from '#main/bytes/folder-path.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import {
  messageSpan,
  spanOf,
  textOf,
  visitFields,
  type MessageSpan,
  type SpanField,
} from '#main/encodings/protobuf/message-span.ts';
import { metadataFrom, type Metadata, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

const MODEL = 'saved_model.pb';
const ASSET_FOLDERS = ['assets', 'assets.extra'] as const;
/** SavedModel.meta_graphs; MetaGraphDef.meta_info_def and signature_def; MetaInfoDef.tags and tensorflow_version. */
const META_GRAPHS = 2;
const [META_INFO, SIGNATURES] = [1, 5] as const;
const [TAGS, VERSION] = [4, 5] as const;

/** Tags, signatures and writer of the model, and the texts among its assets. What cannot be read is a problem. */
export async function describeSavedModel(folder: Folder, problems: Problem[]): Promise<Metadata> {
  const entries: [string, MetadataValue][] = [];
  try {
    if (await folder.has(MODEL)) entries.push(...(await withFile(folder, MODEL, describeGraphs)));
    for (const name of ASSET_FOLDERS) {
      if (!(await folder.has(name))) continue;
      const assets = await describeAssets(folder.folder(name));
      if (Object.keys(assets).length > 0) entries.push([name, assets]);
    }
  } catch (error) {
    if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
    problems.push({
      code: 'saved-model',
      message: `the model beside the variables cannot be read: ${error.message}`,
    });
  }
  return metadataFrom(entries);
}

async function withFile<Result>(
  folder: Folder,
  name: string,
  use: (source: ByteSource) => Promise<Result>,
): Promise<Result> {
  const source = await openWithin(folder, name);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

async function describeGraphs(source: ByteSource): Promise<[string, MetadataValue][]> {
  const model = messageSpan(source, 'the saved model');
  const tags: string[] = [];
  const signatures: string[] = [];
  let version: string | undefined;
  for (const graphField of await fieldsOf(model, [META_GRAPHS])) {
    const graph = spanOf(graphField, model, 'a graph of the model');
    for (const field of await fieldsOf(graph, [META_INFO, SIGNATURES])) {
      const inner = spanOf(field, graph, 'the description of a graph');
      if (field.number === SIGNATURES) {
        // an entry of a map: its key is field 1
        for (const key of await fieldsOf(inner, [1]))
          signatures.push(await textOf(key, inner, PROTOBUF_TEXT_BYTES));
        continue;
      }
      for (const info of await fieldsOf(inner, [TAGS, VERSION])) {
        const text = await textOf(info, inner, PROTOBUF_TEXT_BYTES);
        if (info.number === TAGS) tags.push(text);
        else version ??= text;
      }
    }
  }
  return [
    ...(version === undefined ? [] : [['tensorflowVersion', version] as [string, string]]),
    ...(tags.length === 0 ? [] : [['tags', tags] as [string, string[]]]),
    ...(signatures.length === 0 ? [] : [['signatures', signatures] as [string, string[]]]),
  ];
}

async function fieldsOf(span: MessageSpan, numbers: readonly number[]): Promise<readonly SpanField[]> {
  const fields: SpanField[] = [];
  await visitFields(span, (field) => {
    if (numbers.includes(field.number) && field.wire === 2 && fields.length < ASSETS) fields.push(field);
  });
  return fields;
}

/** Short texts as they are, of anything else the length. */
async function describeAssets(folder: Folder): Promise<Metadata> {
  const files = (await folder.list()).filter(({ isFolder }) => !isFolder);
  const entries: [string, string][] = [];
  for (const { name } of files.slice(0, ASSETS)) {
    if (await folder.leadsOut?.(name)) continue;
    entries.push([name, await withFile(folder, name, assetText)]);
  }
  if (files.length > ASSETS) entries.push(['…', `${files.length - ASSETS} more files`]);
  return metadataFrom(entries);
}

async function assetText(source: ByteSource): Promise<string> {
  const length = `${source.byteLength} bytes`;
  if (source.byteLength > ASSET_TEXT_BYTES) return length;
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const text = decoder.decode(await source.read(0, source.byteLength));
    return text.includes('\0') ? length : text;
  } catch (error) {
    if (isAppError(error)) throw error;
    return length;
  }
}
