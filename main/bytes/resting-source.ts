import { openSource } from '#main/bytes/reopen.ts';
import type { ByteSource } from '#main/bytes/source.ts';

/**
 * Closes a source and opens it again for every read, so that a checkpoint of thousands of files holds none of them open.
 * @param source is closed here.
 */
export async function restingSource(source: ByteSource): Promise<ByteSource> {
  const { name, byteLength, description } = source;
  await source.close();
  return {
    name,
    byteLength,
    description,
    read: async (offset, length, signal) => {
      const open = await openSource(description);
      try {
        return await open.read(offset, length, signal);
      } finally {
        await open.close();
      }
    },
    close: async () => {},
  };
}
