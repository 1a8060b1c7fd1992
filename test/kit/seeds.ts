import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { basename, dirname, sep } from 'node:path';

import type { Seed } from '#test/kit/damage.ts';
import { hasOracles, ORACLES, readOracles } from '#test/kit/shared-files.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** Files larger than this make slow rounds and find nothing that smaller ones do not. */
const MOST_BYTES = 64 * 1024;

/** Formats whose fixtures are folders. */
const FOLDER_FORMATS: ReadonlySet<string> = new Set(['dcp', 'orbax']);

/** Files of folders that nobody reads: damage to them tells nothing. */
const UNREAD = /(^|\/)(_sharding|commit_success\.txt|array_metadatas\/.*)$/;

/** Undamaged files by the name that the oracles, or the project's own folder, give their format; smallest first. */
export function seedsByFormat(): Map<string, Seed[]> {
  const seeds = new Map<string, Seed[]>();
  const add = (format: string, seed: Seed) => seeds.set(format, [...(seeds.get(format) ?? []), seed]);
  if (hasOracles) {
    for (const [path, file] of Object.entries(readOracles().files)) {
      if (path.endsWith('/')) {
        for (const seed of readFolderSeeds(`${ORACLES}${path}`)) add(file.format, seed);
        continue;
      }
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
      if (FOLDER_FORMATS.has(format) && statSync(path).isDirectory()) {
        for (const seed of readFolderSeeds(`${path}/`)) add(format, seed);
      }
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

/** A seed for each file of a folder. */
function readFolderSeeds(folder: string): Seed[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(`${folder}${path}`).isFile(),
  );
  const files = new Map(
    paths.map((path) => [path.split(sep).join('/'), Uint8Array.from(readFileSync(`${folder}${path}`))]),
  );
  return [...files.keys()]
    .filter((path) => !UNREAD.test(path))
    .map((name) => ({ name, files, isFolder: true }));
}
