/** The checkpoints that are open, in the order they were opened. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';

import { startActivity } from '#renderer/client/activities.ts';
import { call } from '#renderer/client/client.ts';
import { host } from '#renderer/client/host.ts';
import { useNotices } from '#renderer/stores/notices.ts';
import type { FileId, PickedFile } from '#shared/bridge.ts';
import type { CheckpointSummary } from '#shared/checkpoint.ts';
import { escapeName } from '#shared/display.ts';

export interface OpenCheckpoint {
  readonly file: FileId;
  /** As the person knows it: a base name. */
  readonly name: string;
  readonly summary: CheckpointSummary;
}

export const useCheckpoints = defineStore('checkpoints', () => {
  const open = shallowRef<readonly OpenCheckpoint[]>([]);
  const currentFile = shallowRef<FileId>();
  const current = computed(() => open.value.find((checkpoint) => checkpoint.file === currentFile.value));

  function find(file: FileId): OpenCheckpoint | undefined {
    return open.value.find((checkpoint) => checkpoint.file === file);
  }

  /** Opens one file and makes it the current one. @returns undefined where it failed; a notice says why. */
  async function openFile(picked: PickedFile): Promise<OpenCheckpoint | undefined> {
    const controller = new AbortController();
    const activity = startActivity(`Opening ${escapeName(picked.name)}`, () => controller.abort());
    try {
      const summary = await call('checkpoint.open', { file: picked.file }, { signal: controller.signal });
      const checkpoint = { file: picked.file, name: summary.path || picked.name, summary };
      const isKnown = find(picked.file) !== undefined;
      open.value = isKnown
        ? open.value.map((one) => (one.file === picked.file ? checkpoint : one))
        : [...open.value, checkpoint];
      currentFile.value = picked.file;
      return checkpoint;
    } catch (error) {
      useNotices().fail(`Could not open ${escapeName(picked.name)}`, error);
      return undefined;
    } finally {
      activity.end();
    }
  }

  /** Opens files one after another; one that fails does not keep the others. */
  async function openFiles(picked: readonly PickedFile[]): Promise<OpenCheckpoint[]> {
    const opened: OpenCheckpoint[] = [];
    for (const file of picked) {
      const checkpoint = await openFile(file);
      if (checkpoint) opened.push(checkpoint);
    }
    return opened;
  }

  /** Asks the person for files or a folder. */
  async function pick(mode: 'files' | 'folder'): Promise<OpenCheckpoint[]> {
    const title = mode === 'files' ? 'Open checkpoints' : 'Open a checkpoint folder';
    try {
      return await openFiles(await host().pickFiles({ mode, title }));
    } catch (error) {
      useNotices().fail('Could not open what was chosen', error);
      return [];
    }
  }

  async function openDropped(files: readonly File[]): Promise<OpenCheckpoint[]> {
    const picked: PickedFile[] = [];
    for (const file of files) {
      try {
        const one = await host().openDropped(file);
        if (one) picked.push(one);
      } catch (error) {
        useNotices().fail(`Could not open ${escapeName(file.name)}`, error);
      }
    }
    return openFiles(picked);
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
