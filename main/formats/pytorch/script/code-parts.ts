import { TORCHSCRIPT_CODE_BYTES } from '#main/bytes/limits.ts';
import type { CodePart } from '#main/formats/contract.ts';
import { readMemberText, type TorchArchive } from '#main/formats/pytorch/archive.ts';
import { metadataFrom, type Metadata } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

const CODE = 'code/';
const SOURCE = '.py';

/** The source text that a TorchScript archive would have its framework run, as far as we read that much. */
export async function scriptCode(archive: TorchArchive): Promise<readonly CodePart[]> {
  const { zip, prefix, problems } = archive;
  const folder = `${prefix}${CODE}`;
  const parts: CodePart[] = [];
  let left = TORCHSCRIPT_CODE_BYTES;
  for (const entry of zip.entries) {
    if (!entry.name.startsWith(folder) || !entry.name.endsWith(SOURCE)) continue;
    const path = entry.name.slice(folder.length, -SOURCE.length);
    try {
      const text = await readMemberText(zip, entry, left);
      left -= entry.byteLength;
      parts.push({ kind: 'torchscript', name: path.replaceAll('/', '.'), stream: entry.name, text });
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      problems.push({
        code: error.code === 'limit' ? 'code-cut' : error.code,
        message: `the code in ${entry.name} is not shown: ${error.message}`,
        offset: entry.headerOffset,
      });
    }
  }
  return parts;
}

/** The same for reading: texts by the name of what they define. */
export function codeMetadata(parts: readonly CodePart[]): Metadata {
  return metadataFrom(
    parts.length === 0 ? [] : [['code', metadataFrom(parts.map(({ name, text }) => [name, text]))]],
  );
}
