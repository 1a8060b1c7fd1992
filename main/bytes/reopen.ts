import { bzip2Source } from '#main/bytes/bzip2-source.ts';
import { columnSource } from '#main/bytes/column-source.ts';
import { fileSourceNow } from '#main/bytes/file-source.ts';
import { inflatedSource } from '#main/bytes/inflated-source.ts';
import { joinedSource } from '#main/bytes/joined-source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { scatteredSource } from '#main/bytes/scattered-source.ts';
import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { AppError } from '#shared/errors.ts';

/**
 * Opens what a description describes, in whatever thread it arrived.
 * The caller owns the source; closing it closes everything beneath it.
 * @throws AppError as the sources do, and `io` for a file whose length is no longer what it was.
 */
export async function openSource(description: SourceDescription): Promise<ByteSource> {
  switch (description.kind) {
    case 'file':
      return openFile(description.path, description.byteLength);
    case 'memory':
      return memorySource(description.bytes);
    case 'span':
      return over(description.of, (of) => spanSource(of, description.offset, description.byteLength));
    case 'inflated':
      return over(description.of, (of) =>
        inflatedSource(of, description.offset, description.compressedByteLength, description.byteLength),
      );
    case 'bzip2':
      return over(description.of, (of) => bzip2Source(of, description));
    case 'column':
      return over(description.of, (of) => columnSource(of, description));
    case 'scattered':
      return over(description.of, (of) => scatteredSource(of, description));
    case 'joined':
      return joinAll(description.parts);
  }
}

async function openFile(path: string, byteLength: number): Promise<ByteSource> {
  const source = fileSourceNow(path);
  if (source.byteLength === byteLength) return source;
  await source.close();
  throw new AppError('io', 'the file changed since it was opened', {
    file: source.name,
    expected: `${byteLength} bytes`,
    found: `${source.byteLength} bytes`,
    hint: 'open it again',
  });
}

async function over(inner: SourceDescription, wrap: (of: ByteSource) => ByteSource): Promise<ByteSource> {
  const of = await openSource(inner);
  try {
    const source = wrap(of);
    return {
      ...source,
      ...(of.checkUnchanged ? { checkUnchanged: of.checkUnchanged } : {}),
      close: async () => {
        await source.close();
        await of.close();
      },
    };
  } catch (error) {
    await of.close();
    throw error;
  }
}

async function joinAll(descriptions: readonly SourceDescription[]): Promise<ByteSource> {
  const parts: ByteSource[] = [];
  try {
    for (const description of descriptions) parts.push(await openSource(description));
  } catch (error) {
    for (const part of parts) await part.close();
    throw error;
  }
  return joinedSource(parts, parts[0]?.name ?? 'nothing');
}
