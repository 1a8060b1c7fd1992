import type { StoredTensor } from '#main/formats/contract.ts';
import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';
import { tensorReader, type TensorReader } from '#main/formats/read.ts';
import { openSource } from '#main/bytes/reopen.ts';

/** All that another thread needs to read one tensor: plain data. */
export interface TensorPlan {
  readonly tensor: StoredTensor;
  /** What the storage's indices refer to; absent for inline values. */
  readonly sources?: readonly SourceDescription[];
}

export function planOf(tensor: StoredTensor, sources: readonly ByteSource[]): TensorPlan {
  const { storage } = tensor;
  if (storage.kind === 'dense') {
    return {
      tensor: { ...tensor, storage: { ...storage, source: 0 } },
      sources: [sources[storage.source]!.description],
    };
  }
  if (storage.kind !== 'chunked') return { tensor };
  const used = [...new Set(storage.chunks.map(({ source }) => source))];
  const places = new Map(used.map((source, index) => [source, index]));
  // most often one source, and then the chunks need no copy
  const isAsIs = used.every((source, index) => source === index);
  const chunks = isAsIs
    ? storage.chunks
    : storage.chunks.map((chunk) => ({ ...chunk, source: places.get(chunk.source)! }));
  return {
    tensor: { ...tensor, storage: { ...storage, chunks } },
    sources: used.map((source) => sources[source]!.description),
  };
}

/** Opens what a plan needs, hands the reader over, and closes it whatever happens. */
export async function withReader<Result>(
  plan: TensorPlan,
  use: (reader: TensorReader) => Promise<Result>,
): Promise<Result> {
  const sources: ByteSource[] = [];
  try {
    for (const description of plan.sources ?? []) sources.push(await openSource(description));
    return await use(tensorReader(plan.tensor, sources));
  } finally {
    for (const source of sources) await source.close();
  }
}
