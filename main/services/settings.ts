import { join } from 'node:path';

import * as z from 'zod/mini';

import { writeAtomically } from '#main/bytes/atomic-write.ts';
import { makeFolder, readSmallText } from '#main/bytes/small-file.ts';
import { isAppError } from '#shared/errors.ts';
import { SETTINGS_SCHEMA, type Settings } from '#shared/commands/settings.ts';

/** What is kept between launches. */
export interface Kept {
  readonly settings?: unknown;
  /** Paths, newest first. */
  readonly recent?: readonly string[];
}

export interface SettingsStore {
  read(): Kept;
  /** Changes part of what is kept; written in the background, one write at a time. */
  update(change: Kept): void;
  /** Waits until all is written. */
  flush(): Promise<void>;
}

/** Settings of the defaults take no space: a file longer than this is not ours. */
const MOST_BYTES = 1024 * 1024;

/** @param folder absent: nothing outlives the process. A damaged file counts as none. */
export async function createSettings(folder: string | undefined): Promise<SettingsStore> {
  const path = folder === undefined ? undefined : join(folder, 'settings.json');
  let kept: Kept = path === undefined ? {} : await readKept(path);
  let writing: Promise<void> = Promise.resolve();

  const write = async () => {
    if (path === undefined || folder === undefined) return;
    const text = `${JSON.stringify(kept, null, 2)}\n`;
    try {
      makeFolder(folder);
      await writeAtomically(path, oneChunk(new TextEncoder().encode(text)), { isReplacing: true });
    } catch (error) {
      // settings that cannot be kept must not stop the work; the next change tries again
      if (!isAppError(error)) throw error;
    }
  };

  return {
    read: () => kept,
    update: (change) => {
      kept = { ...kept, ...change };
      writing = writing.then(write);
    },
    flush: () => writing,
  };
}

/** The settings that hold now: what is kept, with a default for everything that is missing or does not fit. */
export function currentSettings(store: SettingsStore): Settings {
  const kept = store.read().settings;
  return z.parse(SETTINGS_SCHEMA, typeof kept === 'object' ? { ...kept } : {});
}

/** Changes some settings. @returns all of them. */
export function changeSettings(store: SettingsStore, change: Readonly<Record<string, unknown>>): Settings {
  const changed = z.parse(SETTINGS_SCHEMA, { ...currentSettings(store), ...change });
  store.update({ settings: changed });
  return changed;
}

async function readKept(path: string): Promise<Kept> {
  try {
    const parsed: unknown = JSON.parse(await readSmallText(path, MOST_BYTES));
    if (typeof parsed !== 'object' || parsed === null) return {};
    const { settings, recent } = parsed as { settings?: unknown; recent?: unknown };
    return {
      ...(settings === undefined ? {} : { settings }),
      ...(Array.isArray(recent) ? { recent: recent.filter((item) => typeof item === 'string') } : {}),
    };
  } catch {
    // none yet, or damaged: the defaults serve
    return {};
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
