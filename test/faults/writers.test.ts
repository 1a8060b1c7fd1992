import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { claimWriter, findWriter } from '#main/bytes/writer-claim.ts';
import { isAppError, type AppError } from '#shared/errors.ts';
import { countOf, report } from '#test/faults/kit/report.ts';
import { bundleForNode } from '#test/kit/node-bundles.ts';

const RACES = countOf('races', 100, 1000);

let bundles: string;
let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  bundles = mkdtempSync(join(tmpdir(), 'paramscope-claims-'));
  await bundleForNode(bundles, { claiming: 'test/faults/kit/claiming-process.ts' });
});
afterAll(() => rmSync(bundles, { recursive: true }));
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'paramscope-writer-'))));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Claimant {
  readonly child: ChildProcess;
  /** Claims, holds for so many milliseconds, gives back. */
  race(hold: number): Promise<string>;
}

async function claimant(): Promise<Claimant> {
  const child = spawn(process.execPath, [join(bundles, 'claiming.cjs'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    child,
    race: async (hold) => {
      child.stdin.write(`${hold}\n`);
      const { value } = await lines.next();
      return String(value);
    },
  };
}

async function refusal(claim: Promise<unknown>): Promise<AppError> {
  const error: unknown = await claim.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isAppError(error)).toBe(true);
  return error as AppError;
}

const flags = () => readdirSync(folder).filter((name) => name.startsWith('.paramscope-'));

describe('two processes that want to write at once', () => {
  it('never both may, one always does, and the other is told within a second', async () => {
    const racers = await Promise.all([claimant(), claimant()]);
    const outcomes = { won: 0, refused: 0 };
    for (let race = 0; race < RACES; race++) {
      // long enough for the other to meet the winner, whoever starts first
      const results = await Promise.all(racers.map((racer) => racer.race(race % 4 === 0 ? 0 : 6)));
      expect(results, `race ${race}`).toContain('won');
      for (const result of results) {
        // one that comes when the first is done already may win, too: the witness says whether they met
        expect(['won', 'refused'], `race ${race}`).toContain(result);
        outcomes[result as 'won' | 'refused']++;
      }
    }
    expect(outcomes.refused).toBeGreaterThan(RACES / 4);
    expect(flags()).toEqual([]);
    report('races of two writers', { races: RACES, ...outcomes, 'at once': 0 });
  });
});

describe('the right to write', () => {
  it('is refused to a second one by the number of the process that has it', async () => {
    const claim = await claimWriter(folder);
    const error = await refusal(claimWriter(folder));
    expect(error.code).toBe('io');
    expect(error.message).toContain('another process trains in');
    expect(error.fields.found).toContain(`process ${process.pid}, since 20`);
    expect(await findWriter(folder)).toMatchObject({ pid: process.pid });
    claim.release();
    expect(await findWriter(folder)).toBeUndefined();
    (await claimWriter(folder)).release();
  });

  it('goes over at once when its owner is killed, and no litter stays', async () => {
    const owner = await claimant();
    void owner.race(600_000);
    await expect.poll(() => existsSync(join(folder, 'witness'))).toBe(true);
    expect((await refusal(claimWriter(folder))).fields.found).toContain(`process ${owner.child.pid},`);
    const gone = new Promise((resolve) => owner.child.once('exit', resolve));
    owner.child.kill('SIGKILL');
    await gone;
    const began = performance.now();
    const claim = await claimWriter(folder);
    expect(performance.now() - began).toBeLessThan(500);
    claim.release();
    expect(flags()).toEqual([]);
  });

  it('stays with a process that stands still', async () => {
    const owner = await claimant();
    void owner.race(600_000);
    await expect.poll(() => existsSync(join(folder, 'witness'))).toBe(true);
    owner.child.kill('SIGSTOP');
    expect((await refusal(claimWriter(folder))).fields.found).toContain(`process ${owner.child.pid},`);
  });

  it('holds in folders whose path is longer than a socket may have', async () => {
    const deep = join(folder, 'd'.repeat(120), 'e'.repeat(120));
    mkdirSync(deep, { recursive: true });
    const claim = await claimWriter(deep);
    await refusal(claimWriter(deep));
    claim.release();
    (await claimWriter(deep)).release();
  });

  it('is not taken for held by a file that has a flag’s name', async () => {
    const name = '.paramscope-writer-1-abc-00000000';
    writeFileSync(join(folder, name), 'not a socket');
    (await claimWriter(folder)).release();
    expect(existsSync(join(folder, name))).toBe(true);
  });

  it('cannot be had where there is no folder', async () => {
    expect((await refusal(claimWriter(join(folder, 'nowhere')))).code).toBe('not-found');
  });
});

describe.skipIf(process.getuid?.() !== 0)('a flag of another user', () => {
  it('is told for what it is, and neither taken for dead nor for living', async () => {
    const claim = await claimWriter(folder);
    chmodSync(folder, 0o777);
    chmodSync(bundles, 0o755);
    const stranger = spawn(process.execPath, [join(bundles, 'claiming.cjs'), folder, 'tell'], {
      uid: 65_534,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(stranger);
    const lines = createInterface({ input: stranger.stdout })[Symbol.asyncIterator]();
    await lines.next();
    stranger.stdin.write('0\n');
    const { value } = await lines.next();
    expect(value).toContain('it cannot be told whether another user still trains in');
    expect(value).toContain(`remove ${flags()[0]} in the folder`);
    expect(flags()).toHaveLength(1);
    claim.release();
  });
});
