import { expect, test } from 'vitest';

import { processHost, processUser } from '#main/engine-processes.ts';
import type { ProcessEnd, StartProcess } from '#main/services/runs/training-process.ts';
import { DEFAULT_RUN_CONFIG } from '#shared/commands/run-config.ts';
import type { RunEvent } from '#shared/run.ts';

const request = (folder: string) => ({ config: DEFAULT_RUN_CONFIG, folder, steps: 5 });

/** Both sides, with nothing but data between them. */
function wall(start: StartProcess | undefined) {
  const user = processUser((message) => host.take(structuredClone(message)));
  const host = processHost(start, (message) => user.take(structuredClone(message)));
  return { user, host };
}

function processes() {
  const ends = new Map<string, (end: ProcessEnd) => void>();
  const tells = new Map<string, (event: RunEvent) => void>();
  const start: StartProcess = ({ folder }, onEvent) => {
    tells.set(folder, onEvent);
    const ended = new Promise<ProcessEnd>((resolve) => ends.set(folder, resolve));
    return { kill: () => ends.get(folder)!({ how: 'killed' }), ended };
  };
  return { start, ends, tells };
}

test('events and ends reach who asked, and nobody else', async () => {
  const { start, ends, tells } = processes();
  const { user } = wall(start);
  const heard: string[] = [];
  const first = user.startProcess(request('a'), (event) => heard.push(`a ${event.step}`));
  const second = user.startProcess(request('b'), (event) => heard.push(`b ${event.step}`));
  tells.get('b')!({ event: 'resumed', step: 3 });
  tells.get('a')!({ event: 'resumed', step: 1 });
  first.kill();
  ends.get('b')!({ how: 'finished' });
  expect(await Promise.all([first.ended, second.ended])).toEqual([{ how: 'killed' }, { how: 'finished' }]);
  expect(heard).toEqual(['b 3', 'a 1']);
});

test('when the thread is gone, its processes are killed', async () => {
  const { start } = processes();
  const { user, host } = wall(start);
  const { ended } = user.startProcess(request('a'), () => {});
  host.killAll();
  expect(await ended).toEqual({ how: 'killed' });
});

test('a host without processes says so', async () => {
  const { ended } = wall(undefined).user.startProcess(request('a'), () => {});
  expect(await ended).toMatchObject({ how: 'failed', error: { code: 'unsupported' } });
});
