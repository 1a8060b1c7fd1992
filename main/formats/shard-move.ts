import type { StoredTensor } from '#main/formats/contract.ts';

/** The same tensor where its sources have moved on by `base` places. */
export function movedTensor(tensor: StoredTensor, base: number): StoredTensor {
  const { storage, checksums } = tensor;
  return {
    ...tensor,
    storage:
      storage.kind === 'dense'
        ? { ...storage, source: base + storage.source }
        : storage.kind === 'chunked'
          ? {
              ...storage,
              chunks: storage.chunks.map((chunk) => ({ ...chunk, source: base + chunk.source })),
            }
          : storage,
    ...(checksums
      ? { checksums: checksums.map((checksum) => ({ ...checksum, source: base + checksum.source })) }
      : {}),
  };
}
