import { basename } from 'node:path';

import type { Checkpoint } from '#main/formats/contract.ts';
import { openSeed, type Seed } from '#test/kit/damage.ts';
import { seedsByFormat } from '#test/kit/seeds.ts';

/** What reads a seed, as far as a reader's ways part: the dialect, which file of a folder is damaged, and how values are stored. */
function kindOf({ name, isFolder }: Seed, { dialect, tensors }: Checkpoint): string {
  const role = isFolder ? basename(name).replaceAll(/[0-9a-f]{32}|\d+/g, '#') : '';
  const ways = tensors.map(({ storage, sparse, quantisation }) => {
    const filters = storage.kind === 'chunked' ? storage.chunks[0]?.filters.map(({ kind }) => kind) : [];
    return [storage.kind, ...(filters ?? []), sparse?.layout ?? '', quantisation ? 'quantised' : ''].join();
  });
  return [dialect, role, ...[...new Set(ways)].sort()].join('\n');
}

/** By the format that opens them, the smallest file of each kind; the smallest kind comes first. Those that are broken on purpose open nowhere. */
export async function openedSeeds(): Promise<Map<string, Seed[]>> {
  const kinds = new Map<string, Map<string, Seed>>();
  const byteLengthOf = ({ name, files }: Seed): number => files.get(name)!.byteLength;
  for (const seed of [...seedsByFormat().values()].flat()) {
    const checkpoint = await openSeed(seed, seed.files.get(seed.name)!).catch(() => undefined);
    if (!checkpoint) continue;
    const smallest = kinds.get(checkpoint.format) ?? new Map<string, Seed>();
    kinds.set(checkpoint.format, smallest);
    const kind = kindOf(seed, checkpoint);
    const known = smallest.get(kind);
    if (!known || byteLengthOf(seed) < byteLengthOf(known)) smallest.set(kind, seed);
  }
  return new Map(
    [...kinds].map(([format, smallest]) => [
      format,
      [...smallest.values()].sort((a, b) => byteLengthOf(a) - byteLengthOf(b)),
    ]),
  );
}
