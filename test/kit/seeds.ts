import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { basename, dirname } from 'node:path';

import type { Seed } from '#test/kit/damage.ts';
import { hasOracles, ORACLES, readOracles } from '#test/kit/shared-files.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** Files larger than this make slow rounds and find nothing that smaller ones do not. */
const MOST_BYTES = 64 * 1024;

/** Undamaged files by the name that the oracles, or the project's own folder, give their format; smallest first. */
export function seedsByFormat(): Map<string, Seed[]> {
  const seeds = new Map<string, Seed[]>();
  const add = (format: string, seed: Seed) => seeds.set(format, [...(seeds.get(format) ?? []), seed]);
  if (hasOracles) {
    for (const [path, file] of Object.entries(readOracles().files)) {
      if (path.endsWith('/')) continue;
      add(
        file.format,
        readSeed(
          `${ORACLES}${path}`,
          (file.parts ?? []).map((part) => `${ORACLES}${part}`),
        ),
      );
    }
  }
  for (const format of readdirSync(FIXTURES).filter((name) => name !== 'make' && name !== 'pickle')) {
    for (const name of readdirSync(`${FIXTURES}${format}`)) {
      const path = `${FIXTURES}${format}/${name}`;
      if (!name.endsWith('.json') && statSync(path).isFile()) add(format, readSeed(path, []));
    }
  }
  for (const [format, list] of seeds) {
    const small = list.filter(({ name, files }) => files.get(name)!.byteLength <= MOST_BYTES);
    seeds.set(
      format,
      small.sort((a, b) => a.files.get(a.name)!.byteLength - b.files.get(b.name)!.byteLength),
    );
  }
  return seeds;
}

function readSeed(path: string, parts: readonly string[]): Seed {
  const folder = dirname(path);
  const files = new Map(
    [path, ...parts].map((one) => {
      const name = dirname(one) === folder ? basename(one) : one.slice(folder.length + 1);
      return [name, Uint8Array.from(readFileSync(one))];
    }),
  );
  return { name: basename(path), files };
}
