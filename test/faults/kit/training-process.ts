/**
 * A process that trains, or goes on training, and kills itself before its nth call that writes. What it acknowledges goes
 * to standard output at once, so that it is known whatever happens next.
 * Parameters: folder, configuration as JSON, steps, n (0 for never).
 */
import { writeSync } from 'node:fs';

import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { runPlace } from '#main/services/runs/run-place.ts';
import { startInline } from '#main/services/runs/run-threads.ts';
import { createRuns } from '#main/services/runs/runs.ts';
import { parseRunConfig } from '#shared/commands/run-config.ts';
import { steadyClock } from '#test/kit/steady-clock.ts';

const [, , folder, config, steps, killAt] = process.argv as [string, string, string, string, string, string];

const WRITES: ReadonlySet<keyof FileSystem> = new Set([
  ...(['create', 'openToAppend', 'write', 'fsync', 'rename', 'unlink', 'makeFolder'] as const),
]);

let calls = 0;

function killing(of: FileSystem, at: number): FileSystem {
  const entries = (Object.keys(of) as (keyof FileSystem)[]).map((name) => {
    const call = of[name] as (...args: readonly unknown[]) => unknown;
    const counted = (...args: readonly unknown[]) => {
      if (WRITES.has(name) && ++calls === at) process.kill(process.pid, 'SIGKILL');
      return call(...args);
    };
    return [name, counted];
  });
  return Object.fromEntries(entries);
}

const system = killing(nodeFileSystem, Number(killAt));
const files = { grant: () => ({ file: 'run', name: 'run' }), pathOf: () => folder, isGranted: () => true };
const runs = createRuns({
  options: { resourceFolder: folder },
  files: files,
  startTrainer: (place) => startInline(place, system, steadyClock()),
  placeOf: (path) => ({ ...runPlace(path), system }),
});

const request = {
  config: parseRunConfig(JSON.parse(config), 'the test'),
  folder: 'run' as never,
  steps: Number(steps),
  isResumed: true,
};
void runs
  .train(
    request,
    (event) => {
      if (event.event === 'checkpoint') writeSync(1, `${event.step} ${event.sha256}\n`);
    },
    new AbortController().signal,
  )
  .then(() => writeSync(1, `calls ${calls}\n`));
