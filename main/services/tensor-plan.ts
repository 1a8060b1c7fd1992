import { asChunkReader } from '#main/bytes/chunk-share.ts';
import type { ChunkedStorage, StoredTensor } from '#main/formats/contract.ts';
import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';
import { tensorReader, type TensorReader } from '#main/formats/read.ts';
import { openSource } from '#main/bytes/reopen.ts';
import { restingSource } from '#main/bytes/resting-source.ts';
import { anyOrderReader } from '#main/services/any-order.ts';
import { boxesOf, type BoxExtent, type TensorBox } from '#main/services/boxes.ts';
import { realSource, realTensor } from '#main/services/real-values.ts';
import { inStoredOrder } from '#main/services/stored-order.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/** All that another thread needs to read one tensor: plain data. */
export interface TensorPlan {
  /** Of a tensor of blocks, the f32 numbers that they stand for. */
  readonly tensor: StoredTensor;
  /** What the storage's indices refer to; absent for inline values. */
  readonly sources?: readonly SourceDescription[];
  /** The blocks themselves, where `tensor` has what they stand for; its storage refers to the same sources. */
  readonly blocks?: StoredTensor;
}

export function planOf(tensor: StoredTensor, sources: readonly ByteSource[]): TensorPlan {
  const plan = storedPlanOf(tensor, sources);
  if (dtypeInfo(tensor.dtype).kind !== 'block' || tensor.storage.kind === 'none') return plan;
  return { ...plan, tensor: realTensor(tensor), blocks: plan.tensor };
}

/** The same plan for another view of its tensor. */
export function viewPlan(plan: TensorPlan, view: (tensor: StoredTensor) => StoredTensor): TensorPlan {
  return { ...plan, tensor: view(plan.tensor) };
}

function storedPlanOf(tensor: StoredTensor, sources: readonly ByteSource[]): TensorPlan {
  return planOver(tensor, (source) => sources[source]!.description);
}

/** The same plan for a pass that looks at some of its tensor's chunks only: it goes to a thread without the others. */
export function planOfChunks(
  { tensor, sources = [] }: TensorPlan,
  chunks: ChunkedStorage['chunks'],
): TensorPlan {
  const storage = { ...(tensor.storage as ChunkedStorage), chunks };
  return planOver({ ...tensor, storage }, (source) => sources[source]!);
}

/** A plan with the sources that are needed, numbered anew. */
function planOver(tensor: StoredTensor, descriptionOf: (source: number) => SourceDescription): TensorPlan {
  const { storage } = tensor;
  if (storage.kind === 'dense') {
    return {
      tensor: { ...tensor, storage: { ...storage, source: 0 } },
      sources: [descriptionOf(storage.source)],
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
  return { tensor: { ...tensor, storage: { ...storage, chunks } }, sources: used.map(descriptionOf) };
}

/** Opens what a plan needs, hands a reader of the tensor's values over, and closes it whatever happens. */
export async function withReader<Result>(
  plan: TensorPlan,
  use: (reader: TensorReader) => Promise<Result>,
): Promise<Result> {
  return withSources(plan, (sources) =>
    released(tensorReader(plan.tensor, valueSources(plan, sources)), use),
  );
}

/** What the storage of a plan's tensor refers to. @param sources what has been opened for the plan. */
function valueSources({ blocks }: TensorPlan, sources: readonly ByteSource[]): readonly ByteSource[] {
  return blocks ? [realSource(tensorReader(blocks, sources), blocks)] : sources;
}

/** As `withReader`, for passes that do not mind in which order values come. */
export async function withAnyOrderReader<Result>(
  plan: TensorPlan,
  use: (reader: TensorReader) => Promise<Result>,
): Promise<Result> {
  const tensor = inStoredOrder(plan.tensor);
  return withSources(plan, (sources) => released(anyOrderReader(tensor, valueSources(plan, sources)), use));
}

/** As `withReader`, for passes that take a tensor box by box, as `boxesOf` cuts it: a reader of each box in turn. */
export async function withBoxReaders(
  plan: TensorPlan,
  use: (reader: TensorReader, box: TensorBox) => Promise<void>,
  extents?: readonly BoxExtent[],
): Promise<void> {
  return withSources(plan, async (opened) => {
    const sources = valueSources(plan, opened);
    for (const box of boxesOf(plan.tensor, extents)) {
      await released(tensorReader(box.tensor, sources), (reader) => use(reader, box));
    }
  });
}

/** As `withReader`, for what is stored: the blocks of a tensor that has them. */
export async function withStoredReader<Result>(
  plan: TensorPlan,
  use: (reader: TensorReader, dtype: string) => Promise<Result>,
): Promise<Result> {
  const stored = plan.blocks ?? plan.tensor;
  return withSources(plan, (sources) =>
    released(tensorReader(stored, sources), (reader) => use(reader, stored.dtype)),
  );
}

async function released<Result>(
  reader: TensorReader,
  use: (reader: TensorReader) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(reader);
  } finally {
    reader.release?.();
  }
}

/** Sources that are held open for one tensor; of more than that, each is opened for its reads. */
const MOST_OPEN = 64;

/** Opens what a plan's storage refers to, and closes it whatever happens. */
export async function withSources<Result>(
  plan: TensorPlan,
  use: (sources: readonly ByteSource[]) => Promise<Result>,
): Promise<Result> {
  const sources: ByteSource[] = [];
  try {
    const descriptions = plan.sources ?? [];
    for (const description of descriptions) {
      const source = await openSource(description);
      sources.push(descriptions.length > MOST_OPEN ? await restingSource(source) : source);
    }
    const { storage } = plan.blocks ?? plan.tensor;
    const result = await (storage.kind === 'chunked' ? asChunkReader(() => use(sources)) : use(sources));
    // what was read before and after a change would be a mixture of two files
    for (const source of sources) await source.checkUnchanged?.();
    return result;
  } finally {
    for (const source of sources) await source.close();
  }
}
