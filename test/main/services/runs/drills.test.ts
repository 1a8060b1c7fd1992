import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { followDrill } from '#main/services/runs/drill-progress.ts';
import { createDrills } from '#main/services/runs/drills.ts';
import { runPlace } from '#main/services/runs/run-place.ts';
import type { ProcessEnd, ProcessRequest, StartProcess } from '#main/services/runs/training-process.ts';
import type { DrillSnapshot } from '#shared/drill.ts';
import { rejection } from '#test/kit/rejection.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'paramscope-drills-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = () => new AbortController().signal;

/** A process that makes its folder and stays until it is killed, or ends at once as told. */
function processes(end?: ProcessEnd) {
  const requests: ProcessRequest[] = [];
  const start: StartProcess = (request) => {
    requests.push(request);
    mkdirSync(request.folder, { recursive: true });
    let kill = () => {};
    const killed = new Promise<ProcessEnd>((resolve) => (kill = () => resolve({ how: 'killed' })));
    return { kill, ended: end ? Promise.resolve(end) : killed };
  };
  return { start, requests };
}

const drillsWith = (startProcess: StartProcess | undefined) =>
  createDrills({ startProcess, home: join(folder, 'drills'), placeOf: runPlace });

describe('a drill aside', () => {
  it('leaves nothing when a process fails, and tells of what', async () => {
    const { start, requests } = processes({ how: 'failed', error: { code: 'io', message: 'no space' } });
    const error = await rejection(drillsWith(start).aside({ steps: 7 }, () => {}, never()));
    expect([error.code, error.message]).toEqual(['io', 'no space']);
    expect(requests).toMatchObject([{ steps: 7, config: { layers: [20, 256, 10] } }]);
    expect(readdirSync(join(folder, 'drills'))).toEqual([]);
  });

  it('removes what a killed app has left of another', async () => {
    const old = join(folder, 'drills', 'drill', 'killed');
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, 'run.json'), 'old');
    const { start } = processes();
    const controller = new AbortController();
    const drill = drillsWith(start).aside({}, () => {}, controller.signal);
    await expect.poll(() => existsSync(join(folder, 'drills', 'drill', 'uninterrupted'))).toBe(true);
    expect(existsSync(old)).toBe(false);
    controller.abort();
    expect((await rejection(drill)).code).toBe('cancelled');
    expect(readdirSync(join(folder, 'drills'))).toEqual([]);
  });

  it('that an app left when it was killed is removed at the next start, and nothing beside it', async () => {
    const home = join(folder, 'drills');
    mkdirSync(join(home, 'drill', 'killed'), { recursive: true });
    writeFileSync(join(home, 'drill', 'killed', 'run.json'), 'old');
    writeFileSync(join(home, 'notes.txt'), 'a person’s own');
    await drillsWith(undefined).sweep();
    expect(readdirSync(home)).toEqual(['notes.txt']);
    await drillsWith(undefined).sweep();
    expect(readdirSync(home)).toEqual(['notes.txt']);
  });

  it('of another process that lives is left alone at a start', async () => {
    const { start, requests } = processes();
    const drills = drillsWith(start);
    const drill = rejection(drills.aside({}, () => {}, never()));
    await expect.poll(() => requests.length).toBe(1);
    await drillsWith(undefined).sweep();
    expect(existsSync(join(folder, 'drills', 'drill', 'uninterrupted'))).toBe(true);
    await drills.close();
    await drill;
  });

  it('is one at a time, and closing ends it', async () => {
    const { start, requests } = processes();
    const drills = drillsWith(start);
    const first = rejection(drills.aside({}, () => {}, never()));
    await expect.poll(() => requests.length).toBe(1);
    const second = await rejection(drills.aside({}, () => {}, never()));
    expect([second.code, second.message]).toEqual(['io', 'another crash drill is under way']);
    await drills.close();
    expect((await first).code).toBe('cancelled');
    expect(readdirSync(join(folder, 'drills'))).toEqual([]);
  });

  it('is refused by a host without processes', async () => {
    const error = await rejection(drillsWith(undefined).aside({}, () => {}, never()));
    expect(error.code).toBe('unsupported');
  });
});

it('what is seen of a drill goes from the run left alone over kills and resumes to the comparison', () => {
  const seen: DrillSnapshot[] = [];
  const progress = followDrill(90, (snapshot) => seen.push(snapshot));
  progress.take({ event: 'resumed', step: 0 }, 'uninterrupted');
  progress.take({ event: 'done', step: 90, state: 'finished', problems: 0 }, 'uninterrupted');
  progress.take({ event: 'resumed', step: 0 }, 'killed');
  progress.take({ event: 'killed', step: 31, isInSave: true, checkpoint: 20, halfWritten: 5 }, 'killed');
  progress.take({ event: 'resumed', step: 20 }, 'killed');
  progress.take({ event: 'done', step: 90, state: 'finished', problems: 0 }, 'killed');
  progress.end();
  expect(seen.map(({ part }) => part)).toEqual([
    'uninterrupted',
    'uninterrupted',
    'killed',
    'killed',
    'killed',
    'comparing',
  ]);
  expect(seen.at(-1)).toEqual({
    part: 'comparing',
    steps: 90,
    uninterruptedStep: 90,
    killedStep: 90,
    kills: [{ step: 31, isInSave: true, checkpoint: 20, halfWritten: 5, resumedAt: 20 }],
  });
});
