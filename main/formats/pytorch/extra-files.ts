import { TORCH_EXTRA_BYTES } from '#main/bytes/limits.ts';
import type { TorchArchive } from '#main/formats/pytorch/archive.ts';
import { metadataFrom, type Metadata } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

/** What people put into an archive beside the model: texts as they are, of anything else its length. */
export async function extraFiles(archive: TorchArchive, folder: string): Promise<Metadata> {
  const { zip, prefix, problems } = archive;
  const begin = `${prefix}${folder}`;
  const files: [string, string][] = [];
  let left = TORCH_EXTRA_BYTES;
  for (const entry of zip.entries) {
    if (!entry.name.startsWith(begin) || entry.name.endsWith('/')) continue;
    const name = entry.name.slice(begin.length);
    if (entry.byteLength > left) {
      files.push([name, `${entry.byteLength} bytes`]);
      continue;
    }
    left -= entry.byteLength;
    try {
      const source = await zip.source(entry);
      files.push([name, shown(await source.read(0, source.byteLength))]);
      await source.close();
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      problems.push({
        code: error.code,
        message: `${entry.name}: ${error.message}`,
        offset: entry.headerOffset,
      });
    }
  }
  return metadataFrom(files.length === 0 ? [] : [['extra_files', metadataFrom(files)]]);
}

function shown(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `${bytes.byteLength} bytes`;
  }
}
