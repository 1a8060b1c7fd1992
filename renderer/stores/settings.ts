/** What the person has chosen, kept by the engine over restarts. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';

import { call } from '#renderer/client/client.ts';
import { useNotices } from '#renderer/stores/notices.ts';
import type { Settings } from '#shared/commands/settings.ts';

export type Theme = Settings['theme'];

/** Until the engine has answered. */
const FIRST: Settings = {
  theme: 'system',
  bins: 64,
  isLogCount: false,
  isSymlog: false,
  isClipped: false,
  sidebar: 30,
};
const SAVED_AFTER_MS = 300;

export const useSettings = defineStore('settings', () => {
  const settings = shallowRef<Settings>(FIRST);
  let unsaved: Partial<Settings> = {};
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    try {
      settings.value = await call('settings.get', {});
    } catch (error) {
      useNotices().fail('Could not read your settings', error);
    }
  }

  /** Takes effect at once; a splitter being dragged is written down only when it rests. */
  function set(changes: Partial<Settings>): void {
    settings.value = { ...settings.value, ...changes };
    unsaved = { ...unsaved, ...changes };
    clearTimeout(timer);
    timer = setTimeout(() => void save(), SAVED_AFTER_MS);
  }

  async function save(): Promise<void> {
    const changes = unsaved;
    unsaved = {};
    try {
      await call('settings.set', { settings: changes });
    } catch (error) {
      useNotices().fail('Could not keep your settings', error);
    }
  }

  return { settings, theme: computed(() => settings.value.theme), load, set };
});
