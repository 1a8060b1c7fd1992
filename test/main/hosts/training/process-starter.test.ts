import { EventEmitter } from 'node:events';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

import { utilityProcesses } from '#main/hosts/electron/utility-process.ts';
import type { FromProcess, ToProcess } from '#main/hosts/training/messages.ts';
import { processStarter, type Child } from '#main/hosts/training/process-starter.ts';
import { DEFAULT_RUN_CONFIG } from '#shared/commands/run-config.ts';
import type { RunEvent } from '#shared/run.ts';

const REQUEST = { config: DEFAULT_RUN_CONFIG, folder: '/runs/a', steps: 5 };

function startOne() {
  const sent: ToProcess[] = [];
  const events: RunEvent[] = [];
  let kills = 0;
  let say: (message: FromProcess) => void = () => {};
  let go: (code: number | null) => void = () => {};
  const child: Child = {
    send: (message) => sent.push(message),
    kill: () => kills++,
    listen: (onMessage, onGone) => {
      say = onMessage;
      go = onGone;
    },
  };
  const process = processStarter(() => child, '/resources')(REQUEST, (event) => events.push(event));
  return { process, sent, events, say, go, kills: () => kills };
}

test('a process gets its request, tells its events, and is ended once it has told its end', async () => {
  const { process, sent, events, say, go, kills } = startOne();
  expect(sent).toEqual([{ request: REQUEST, resourceFolder: '/resources' }]);
  say({ kind: 'events', events: [{ event: 'resumed', step: 0 }] });
  say({ kind: 'ended', end: { how: 'finished' } });
  expect(kills()).toBe(1);
  go(9);
  expect(await process.ended).toEqual({ how: 'finished' });
  expect(events).toEqual([{ event: 'resumed', step: 0 }]);
});

test('one that is killed by us is killed, one that goes by itself has failed', async () => {
  const killed = startOne();
  killed.process.kill();
  killed.go(9);
  expect(await killed.process.ended).toEqual({ how: 'killed' });
  const crashed = startOne();
  crashed.go(5);
  expect(await crashed.process.ended).toMatchObject({
    how: 'failed',
    error: { code: 'internal', found: 'exit 5' },
  });
});

test('Electron’s process is killed for good, by SIGKILL, as soon as it has a number', async () => {
  const sleeper = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  const gone = once(sleeper, 'exit');
  const child = Object.assign(new EventEmitter(), {
    pid: undefined as number | undefined,
    postMessage: () => {},
  });
  const utilityProcess = { fork: () => child } as never;
  const started = utilityProcesses(utilityProcess, '/app', '/resources')(REQUEST, () => {});
  started.kill();
  child.pid = sleeper.pid;
  child.emit('spawn');
  expect(await gone).toEqual([null, 'SIGKILL']);
  // a second one comes too late and harms nobody
  started.kill();
  child.emit('exit', 9);
  expect(await started.ended).toEqual({ how: 'killed' });
});
