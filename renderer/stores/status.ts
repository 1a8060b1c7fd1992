/** What the status bar says about the screen that is shown. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';

export const useStatus = defineStore('status', () => {
  /** Short facts, such as `4 tensors`; a screen sets them while it is shown. */
  const totals = shallowRef<readonly string[]>([]);
  return { totals };
});
