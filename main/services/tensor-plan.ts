import type { StoredTensor } from '#main/formats/contract.ts';
import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';
import { tensorReader, type TensorReader } from '#main/formats/read.ts';
import { openSource } from '#main/bytes/reopen.ts';

/** All that another thread needs to read one tensor: plain data. */
export interface TensorPlan {
  readonly tensor: StoredTensor;
  /** The one source that the storage refers to, as index 0; absent for inline values. */
  readonly source?: SourceDescription;
}

export function planOf(tensor: StoredTensor, sources: readonly ByteSource[]): TensorPlan {
  const { storage } = tensor;
  if (storage.kind !== 'dense') return { tensor };
  return {
    tensor: { ...tensor, storage: { ...storage, source: 0 } },
    source: sources[storage.source]!.description,
  };
}

/** Opens what a plan needs, hands the reader over, and closes it whatever happens. */
export async function withReader<Result>(
  plan: TensorPlan,
  use: (reader: TensorReader) => Promise<Result>,
): Promise<Result> {
  const source = plan.source ? await openSource(plan.source) : undefined;
  try {
    return await use(tensorReader(plan.tensor, source ? [source] : []));
  } finally {
    await source?.close();
  }
}
