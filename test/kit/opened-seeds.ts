import { baselineOf, type Seed } from '#test/kit/damage.ts';
import { seedsByFormat } from '#test/kit/seeds.ts';

/** The format that opens a file; undefined where none does, as with the fixtures that are broken on purpose. */
async function formatOf(seed: Seed): Promise<string | undefined> {
  return baselineOf(seed).then(
    ({ checkpoint }) => checkpoint.format,
    () => undefined,
  );
}

/**
 * The smallest files that open.
 * @param by `kind`, as the oracles and fixtures name what they hold, or `format`, by what opens them.
 * @param most files of each.
 */
export async function openedSeeds(by: 'kind' | 'format', most: number): Promise<Map<string, Seed[]>> {
  const found = new Map<string, Seed[]>();
  const sizeOf = ({ name, files }: Seed): number => files.get(name)!.byteLength;
  for (const [kind, seeds] of seedsByFormat()) {
    let opened = 0;
    for (const seed of seeds) {
      const format = opened < most ? await formatOf(seed) : undefined;
      if (format === undefined) continue;
      opened++;
      const key = by === 'kind' ? kind : format;
      found.set(key, [...(found.get(key) ?? []), seed]);
    }
  }
  for (const [key, seeds] of found) {
    found.set(key, seeds.sort((a, b) => sizeOf(a) - sizeOf(b)).slice(0, most));
  }
  return found;
}
