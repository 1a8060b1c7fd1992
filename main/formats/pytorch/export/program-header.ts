import { TORCH_JSON_BYTES } from '#main/bytes/limits.ts';
import { readJson, type JsonReader } from '#main/encodings/json/json.ts';
import type { ZipEntry } from '#main/encodings/zip/zip.ts';
import { readMemberText, type TorchArchive } from '#main/formats/pytorch/archive.ts';
import { metadataFrom, type Metadata, type MetadataValue } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

/** What a program's JSON says of itself beside the graph; damage to it is a problem and no more. */
export async function programHeader(archive: TorchArchive, entry: ZipEntry | undefined): Promise<Metadata> {
  if (!entry) return metadataFrom([]);
  try {
    const text = await readMemberText(archive.zip, entry, TORCH_JSON_BYTES);
    return versionsIn(readJson(text, { what: entry.name }));
  } catch (error) {
    if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
    archive.problems.push({ code: error.code, message: error.message });
    return metadataFrom([]);
  }
}

const VERSIONS: ReadonlySet<string> = new Set([
  'opset_version',
  'schema_version',
  'torch_version',
  'verifiers',
  'dialect',
]);

function versionsIn(reader: JsonReader): Metadata {
  const found: [string, MetadataValue][] = [];
  if (reader.kind() !== 'object') return metadataFrom(found);
  reader.beginObject();
  for (let key = reader.nextKey(); key !== undefined; key = reader.nextKey()) {
    const value = VERSIONS.has(key) ? plainValue(reader) : skipped(reader);
    if (value !== undefined) found.push([key, value]);
  }
  return metadataFrom(found);
}

/** Texts, whole numbers, and lists and objects of them. */
function plainValue(reader: JsonReader): MetadataValue | undefined {
  switch (reader.kind()) {
    case 'string':
      return reader.string();
    case 'number':
      return reader.integer();
    case 'object': {
      const entries: [string, MetadataValue][] = [];
      reader.beginObject();
      for (let key = reader.nextKey(); key !== undefined; key = reader.nextKey()) {
        const value = plainValue(reader);
        if (value !== undefined) entries.push([key, value]);
      }
      return metadataFrom(entries);
    }
    case 'array': {
      const items: MetadataValue[] = [];
      reader.beginArray();
      while (reader.nextItem()) items.push(plainValue(reader) ?? null);
      return items;
    }
    default:
      return skipped(reader);
  }
}

function skipped(reader: JsonReader): undefined {
  reader.skip();
  return undefined;
}
