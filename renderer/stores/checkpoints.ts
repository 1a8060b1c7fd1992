/** The checkpoints that are open, in the order they were opened. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';

import { startActivity } from '#renderer/client/activities.ts';
import { call } from '#renderer/client/client.ts';
import { newSet, type Drop } from '#renderer/client/dropped-files.ts';
import { host } from '#renderer/client/host.ts';
import { indexesFirst, isSameSet } from '#renderer/stores/file-sets.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import { useNotices, type NoticeAction } from '#renderer/stores/notices.ts';
import type { FileId, PickedFile } from '#shared/bridge.ts';
import type { CheckpointSummary } from '#shared/checkpoint.ts';
import { escapeName } from '#shared/display.ts';
import { isAppError, type ErrorCode } from '#shared/errors.ts';

export interface OpenCheckpoint {
  readonly file: FileId;
  /** As the person knows it: a base name. */
  readonly name: string;
  readonly summary: CheckpointSummary;
  /** The files that its bytes lie in. */
  readonly parts: readonly FileId[];
}

const XRAYED: ReadonlySet<ErrorCode> = new Set(['unknown-format', 'corrupt', 'unsupported', 'limit']);

export const useCheckpoints = defineStore('checkpoints', () => {
  const open = shallowRef<readonly OpenCheckpoint[]>([]);
  const currentFile = shallowRef<FileId>();
  const current = computed(() => open.value.find((checkpoint) => checkpoint.file === currentFile.value));

  function find(file: FileId): OpenCheckpoint | undefined {
    return open.value.find((checkpoint) => checkpoint.file === file);
  }

  async function read(picked: PickedFile): Promise<OpenCheckpoint> {
    const controller = new AbortController();
    const activity = startActivity(`Opening ${escapeName(picked.name)}`, () => controller.abort());
    try {
      const { file, name } = picked;
      const summary = await call('checkpoint.open', { file }, { signal: controller.signal });
      const parts = await call('checkpoint.parts', { file }, { signal: controller.signal });
      return { file, name, summary, parts };
    } finally {
      activity.end();
    }
  }

  function put(checkpoint: OpenCheckpoint): void {
    const isKnown = find(checkpoint.file) !== undefined;
    open.value = isKnown
      ? open.value.map((one) => (one.file === checkpoint.file ? checkpoint : one))
      : [...open.value, checkpoint];
    currentFile.value = checkpoint.file;
  }

  /** Opens a file; where its set is open already under another of its files, that one is read again instead. */
  async function readOnce(picked: PickedFile): Promise<OpenCheckpoint> {
    const checkpoint = await read(picked);
    const known = open.value.find((one) => one.file !== picked.file && isSameSet(one, checkpoint));
    if (!known) return checkpoint;
    await call('checkpoint.close', { file: picked.file });
    return read(known);
  }

  /** Opens one file and makes it the current one. @returns undefined where it failed; a notice says why. */
  async function openFile(picked: PickedFile): Promise<OpenCheckpoint | undefined> {
    const [opened] = await openFiles([picked]);
    return opened;
  }

  /**
   * Opens files one after another; one that fails does not keep the others, and of a set one opens all of it.
   * What came out of a folder need not all be checkpoints: there a failure is told only when nothing opened.
   */
  async function openFiles(picked: readonly PickedFile[], isFolder = false): Promise<OpenCheckpoint[]> {
    const opened: OpenCheckpoint[] = [];
    const failures: [PickedFile, unknown][] = [];
    for (const file of indexesFirst(picked)) {
      if (opened.some(({ parts }) => parts.includes(file.file))) continue;
      try {
        const checkpoint = await readOnce(file);
        put(checkpoint);
        opened.push(checkpoint);
      } catch (error) {
        failures.push([file, error]);
      }
    }
    const told = isFolder && opened.length > 0 ? [] : isFolder ? failures.slice(0, 1) : failures;
    for (const [file, error] of told) {
      useNotices().fail(`Could not open ${escapeName(file.name)}`, error, xrayOf(file, error));
    }
    return opened;
  }

  /** What cannot be opened may still hold pickles; what is not there or cannot be read may not. */
  function xrayOf(file: PickedFile, error: unknown): NoticeAction | undefined {
    if (!isAppError(error) || !XRAYED.has(error.code)) return undefined;
    return {
      label: 'X-ray it',
      run: () => {
        useNavigation().go('browse');
        useNavigation().xrayed = file;
      },
    };
  }

  /** Asks the person for files or a folder. */
  async function pick(mode: 'files' | 'folder'): Promise<OpenCheckpoint[]> {
    const title = mode === 'files' ? 'Open checkpoints' : 'Open a checkpoint folder';
    try {
      const picked = await host().pickFiles({ mode, title });
      return await openFiles(picked, mode === 'folder' && picked.length > 1);
    } catch (error) {
      useNotices().fail('Could not open what was chosen', error);
      return [];
    }
  }

  async function openDropped(drop: Drop): Promise<OpenCheckpoint[]> {
    const set = newSet();
    const picked: PickedFile[] = [];
    for (const file of drop.files) {
      try {
        const one = await host().openDropped(file, set);
        if (one) picked.push(one);
      } catch (error) {
        useNotices().fail(`Could not open ${escapeName(file.name)}`, error);
      }
    }
    return openFiles(picked, drop.isFolder);
  }

  async function openSample(): Promise<OpenCheckpoint | undefined> {
    try {
      return await openFile(await call('file.sample', {}));
    } catch (error) {
      useNotices().fail('Could not open the sample checkpoint', error);
      return undefined;
    }
  }

  async function close(file: FileId): Promise<void> {
    const index = open.value.findIndex((checkpoint) => checkpoint.file === file);
    open.value = open.value.filter((checkpoint) => checkpoint.file !== file);
    if (currentFile.value === file) {
      currentFile.value = (open.value[index] ?? open.value[index - 1])?.file;
    }
    try {
      await call('checkpoint.close', { file });
    } catch (error) {
      useNotices().fail('Could not close the file cleanly', error);
    }
  }

  function show(file: FileId): void {
    if (find(file)) currentFile.value = file;
  }

  return { open, current, find, openFile, openFiles, openDropped, openSample, pick, close, show };
});
