/** Asks for the histograms of overlaid tensors, on the bins of the one beneath. */
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue';

import type { Ask } from '#renderer/charts/contract.ts';
import type { Overlay } from '#renderer/charts/histogram/overlays.ts';
import { isAppError, isCancelled } from '#shared/errors.ts';
import type { Histogram } from '#shared/statistics.ts';

export interface OverlaidHistogram extends Overlay {
  /** Absent where the tensor cannot be read any more. */
  readonly histogram?: Histogram;
}

/** @param beneath what is drawn as bars; its first and last edge and its axis are those of all. */
export function useOverlays(
  beneath: () => Histogram,
  overlays: () => readonly Overlay[],
  ask: Ask,
): Ref<readonly OverlaidHistogram[]> {
  const overlaid = shallowRef<readonly OverlaidHistogram[]>([]);
  let controller: AbortController | undefined;

  async function refresh(): Promise<void> {
    controller?.abort();
    const own = new AbortController();
    controller = own;
    const question = questionOf(beneath());
    const answers = await Promise.all(
      overlays().map(async ({ file, name }) => {
        try {
          const histogram = await ask(
            'tensor.histogram',
            { file, name, ...question },
            { signal: own.signal },
          );
          return { file, name, histogram };
        } catch (error) {
          if (!isAppError(error)) throw error;
          return isCancelled(error) ? undefined : { file, name };
        }
      }),
    );
    if (controller === own) overlaid.value = answers.filter((answer) => answer !== undefined);
  }

  // exact counts after binned ones have the same edges
  watch(
    () => JSON.stringify([questionOf(beneath()), overlays()]),
    () => void refresh(),
    { immediate: true },
  );
  onScopeDispose(() => controller?.abort());
  return overlaid;
}

function questionOf({ edges, counts, threshold }: Histogram) {
  return {
    bins: counts.length,
    range: [edges[0] ?? 0, edges[counts.length] ?? 0] as [number, number],
    ...(threshold === undefined ? {} : { axis: 'symlog' as const }),
  };
}
