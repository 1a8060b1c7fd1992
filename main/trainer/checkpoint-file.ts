import type { HeadedContent } from '#main/bytes/atomic-write.ts';
import { planSafetensors } from '#main/formats/safetensors/save.ts';
import { sealContent, type ContentTensor, type CopiedContent } from '#main/trainer/checkpoint-content.ts';
import type { Digests } from '#main/trainer/digests.ts';
import { recordHistogram, type RecordedHistogram } from '#main/trainer/memory-histogram.ts';
import type { MemoryRecord } from '#main/trainer/messages.ts';
import { valuesOver } from '#main/trainer/values.ts';

/** A copied state as a file, and what is told of it beside the file. */
export interface CheckpointFile {
  /** Bytes of the whole file. */
  readonly byteLength: number;
  readonly content: HeadedContent;
  /** What the copies held; there once the digest of the file has been waited for. */
  memory(): Omit<MemoryRecord, 'probe'>;
}

/** Stands for a digest that is not taken yet: as long as any. */
const ANY_DIGEST = '0'.repeat(64);

/**
 * Begins with the tensors' digests at once: they go into the head, so that the values can be written meanwhile.
 * @param parameters names of the tensors whose histograms are recorded.
 */
export function checkpointFile(
  copied: CopiedContent,
  parameters: readonly string[],
  digests: Digests,
): CheckpointFile {
  const { tensors } = copied;
  const waitForDigests = digests.begin(tensors.map(({ bytes }) => [bytes]));
  const measured = tensors.map((tensor) => ({ ...tensor, byteLength: tensor.bytes.byteLength }));
  const planned = planSafetensors(
    measured,
    sealContent(
      copied,
      tensors.map(() => ANY_DIGEST),
    ).metadata,
  );
  let memory: Omit<MemoryRecord, 'probe'>;
  return {
    byteLength: planned.byteLength,
    content: {
      headLength: planned.header.byteLength,
      body: planned.order.map(({ bytes }) => bytes),
      takeHead: () => {
        const sealed = sealContent(copied, waitForDigests());
        memory = { tensors: sealed.digests };
        return planSafetensors(measured, sealed.metadata).header;
      },
      beginDigest: (chunks) => {
        const waitForDigest = digests.begin([chunks]);
        return () => {
          // while somebody else takes the digest
          memory = { ...memory, histograms: histogramsOf(tensors, new Set(parameters)) };
          return waitForDigest()[0]!;
        };
      },
    },
    memory: () => memory,
  };
}

function histogramsOf(
  tensors: readonly ContentTensor[],
  names: ReadonlySet<string>,
): Readonly<Record<string, RecordedHistogram>> {
  return Object.fromEntries(
    tensors
      .filter(({ name }) => names.has(name))
      .map(({ name, dtype, bytes }) => [name, recordHistogram(valuesOver(dtype, bytes))]),
  );
}
