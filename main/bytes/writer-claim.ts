/**
 * One writer a folder, tied to a process that lives: no file times, no clocks, nothing to time out.
 *
 * Each process that wants to write raises a flag, a listening socket with a name of its own in the folder, and then looks
 * for other flags. Whoever finds none that answers is the writer; of two that came at once at least the one that looked
 * later has seen the other. The system closes the socket with the process, whatever it dies of, and a name is never used
 * twice, so what does not answer is dead for good. On Windows the name of a pipe belongs to the first who takes it.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { systemError } from '#main/bytes/system-error.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** The right to write in a folder. */
export interface WriterClaim {
  release(): void;
}

/** Who has it. */
export interface Writer {
  readonly pid: number;
  /** ISO 8601: when it became the writer. */
  readonly since: string;
}

const FLAG = /^\.paramscope-writer-(\d+)-([0-9a-z]+)-([0-9a-f]{8})$/;
const UNRAISED = /^\.paramscope-unraised-[0-9a-f]{8}$/;

/** Bytes of a socket's path that every Unix takes. */
const PATH_BYTES = 100;
/** Milliseconds for an answer. A process that stands still has the socket all the same. */
const ANSWER = 1000;

/** `hidden`: the flag is another user's, and whether its process lives cannot be asked. */
type Answer = 'holds' | 'tries' | 'dead' | 'hidden';

/** @throws AppError `io` where another process has it, by its number, or where the folder takes no socket. */
export async function claimWriter(folder: string): Promise<WriterClaim> {
  return process.platform === 'win32' ? claimPipe(folder) : claimInFolder(folder);
}

/** Who writes in a folder now; undefined where nobody does. */
export async function findWriter(folder: string): Promise<Writer | undefined> {
  if (process.platform === 'win32') return askPipe(pipeOf(folder));
  for (const place of [folder, substituteFor(folder)]) {
    if (!isThere(place)) continue;
    for (const name of flagsIn(place)) {
      const answer = await ask(place, name);
      if (answer === 'holds' || answer === 'hidden') return writerOf(name);
    }
  }
  return undefined;
}

/** What file systems say that hold no sockets, such as FAT's. */
const NO_SOCKETS = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'ENOSYS']);

/** Where flags stand instead: the same place for every process of this machine. */
function substituteFor(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  return join(tmpdir(), `paramscope-writers-${dev}-${ino}`);
}

async function claimInFolder(folder: string): Promise<WriterClaim> {
  try {
    return await claimFlag(folder);
  } catch (error) {
    if (!isAppError(error) || !NO_SOCKETS.has(error.fields.found ?? '')) throw error;
    const substitute = substituteFor(folder);
    mkdirSync(substitute, { recursive: true, mode: 0o700 });
    return claimFlag(substitute);
  }
}

interface Flag {
  readonly name: string;
  /** What it answers from now on. */
  hold(): void;
  lower(): void;
}

async function claimFlag(folder: string): Promise<WriterClaim> {
  for (;;) {
    const flag = await raiseFlag(folder);
    if (!flag) continue;
    try {
      if (await isAlone(folder, flag)) {
        flag.hold();
        await removeUnraised(folder);
        return { release: flag.lower };
      }
    } catch (error) {
      flag.lower();
      throw error;
    }
    flag.lower();
    await pause(1 + Math.random() * 20);
  }
}

/** Waits for those that try, too, to give way. @returns false where it is for this one to give way. */
async function isAlone(folder: string, own: Flag): Promise<boolean> {
  for (;;) {
    let trying = 0;
    for (const name of flagsIn(folder)) {
      if (name === own.name) continue;
      const answer = await ask(folder, name);
      if (answer === 'holds') throw refused(folder, writerOf(name));
      if (answer === 'hidden') throw hidden(folder, name);
      if (answer === 'dead') remove(join(folder, name));
      else if (tokenOf(name) < tokenOf(own.name)) return false;
      else trying++;
    }
    if (trying === 0) return true;
    await pause(2);
  }
}

/** @returns undefined where somebody took it for the leftover of a dead process before it was up. */
async function raiseFlag(folder: string): Promise<Flag | undefined> {
  const token = randomBytes(4).toString('hex');
  const name = `.paramscope-writer-${process.pid}-${Date.now().toString(36)}-${token}`;
  const unraised = join(folder, `.paramscope-unraised-${token}`);
  let answer = 't';
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(answer);
  });
  try {
    await withAddress(unraised, (address) => listen(server, address));
    // it listens before anybody can see it: whoever is refused knows that its owner is dead
    renameSync(unraised, join(folder, name));
  } catch (error) {
    server.close();
    // where there is no folder, Node speaks of a lack of permission
    const cause = isThere(folder) ? error : { code: 'ENOENT' };
    if (cause === error && (error as { code?: string }).code === 'ENOENT') return undefined;
    throw systemError(cause, 'claiming', basename(folder));
  }
  server.unref();
  return {
    name,
    hold: () => void (answer = 'h'),
    lower: () => {
      remove(join(folder, name));
      server.close();
    },
  };
}

/** Names of the flags in a folder. */
function flagsIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw systemError(error, 'listing', basename(folder));
  }
  return names.filter((name) => FLAG.test(name) && isSocket(join(folder, name)));
}

/** What a process left that died before its flag was up; one that is just about to raise its own starts again. */
async function removeUnraised(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    if (UNRAISED.test(name) && (await ask(folder, name)) === 'dead') remove(join(folder, name));
  }
}

async function ask(folder: string, name: string): Promise<Answer> {
  return withAddress(join(folder, name), (address) => {
    return new Promise<Answer>((resolve) => {
      const socket = createConnection(address);
      const timer = setTimeout(() => settle('holds'), ANSWER);
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(answer);
      };
      socket.on('data', (bytes) => settle(String(bytes) === 't' ? 'tries' : 'holds'));
      socket.on('end', () => settle('holds'));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        if (code === 'ECONNREFUSED' || code === 'ENOENT') settle('dead');
        else if (code === 'EACCES' || code === 'EPERM') settle('hidden');
        else settle('holds');
      });
    });
  });
}

/** A socket's path may be short only; a longer one is reached through a link. */
async function withAddress<Result>(path: string, use: (address: string) => Promise<Result>): Promise<Result> {
  if (Buffer.byteLength(path) <= PATH_BYTES) return use(path);
  const place = mkdtempSync(join(tmpdir(), 'pw-'));
  try {
    symlinkSync(join(path, '..'), join(place, 'f'));
    return await use(join(place, 'f', basename(path)));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => resolve());
  });
}

function tokenOf(name: string): string {
  return FLAG.exec(name)![3]!;
}

function writerOf(name: string): Writer {
  const [, pid, time] = FLAG.exec(name)!;
  return { pid: Number(pid), since: new Date(parseInt(time!, 36)).toISOString() };
}

function refused(folder: string, { pid, since }: Writer): AppError {
  return new AppError('io', `another process trains in ${basename(folder)}`, {
    file: basename(folder),
    found: `process ${pid}, since ${since}`,
    hint: 'wait until it is done or stop it; meanwhile the run can be read',
  });
}

/** Never taken for dead: a run that two processes write is worse than one that a person has to set free. */
function hidden(folder: string, name: string): AppError {
  const { pid, since } = writerOf(name);
  return new AppError('io', `it cannot be told whether another user still trains in ${basename(folder)}`, {
    file: basename(folder),
    found: `a flag of process ${pid}, since ${since}, that this user may not ask`,
    hint: `if that process is gone, remove ${name} in the folder; meanwhile the run can be read`,
  });
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

function isThere(folder: string): boolean {
  return lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // gone already, or in a folder that cannot be written to: a dead flag harms nobody
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function pipeOf(folder: string): string {
  const place = realpathSync.native(folder).toLowerCase();
  return `\\\\.\\pipe\\paramscope-writer-${createHash('sha256').update(place).digest('hex')}`;
}

async function claimPipe(folder: string): Promise<WriterClaim> {
  const address = pipeOf(folder);
  const own: Writer = { pid: process.pid, since: new Date().toISOString() };
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(JSON.stringify(own));
  });
  try {
    await listen(server, address);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE')
      throw systemError(error, 'claiming', basename(folder));
    throw refused(folder, (await askPipe(address)) ?? { pid: 0, since: 'just now' });
  }
  server.unref();
  return { release: () => void server.close() };
}

function askPipe(address: string): Promise<Writer | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    socket.setTimeout(ANSWER, () => socket.destroy());
    let text = '';
    socket.on('data', (bytes) => (text += String(bytes)));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => {
      try {
        resolve(JSON.parse(text) as Writer);
      } catch {
        resolve(undefined);
      }
    });
  });
}
