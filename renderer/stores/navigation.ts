/** Which screen is shown. Views go to one another through here. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';

import type { PickedFile } from '#shared/bridge.ts';

export type Screen = 'browse' | 'compare' | 'train';
/** What the left side of Train is about. */
export type TrainTab = 'new' | 'runs' | 'drill';

export const useNavigation = defineStore('navigation', () => {
  const screen = ref<Screen>('browse');
  const trainTab = ref<TrainTab>('new');
  const isPaletteOpen = ref(false);
  const isSaveOpen = ref(false);
  /** A file that opens as no checkpoint, and is looked into all the same. */
  const xrayed = shallowRef<PickedFile>();

  function go(wanted: Screen): void {
    screen.value = wanted;
  }

  return { screen, trainTab, isPaletteOpen, isSaveOpen, xrayed, go };
});
