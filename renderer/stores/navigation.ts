/** Which screen is shown. Views go to one another through here. */
import { defineStore } from 'pinia';
import { ref } from 'vue';

export type Screen = 'browse' | 'compare' | 'train';

export const useNavigation = defineStore('navigation', () => {
  const screen = ref<Screen>('browse');
  const isPaletteOpen = ref(false);
  const isSaveOpen = ref(false);

  function go(wanted: Screen): void {
    screen.value = wanted;
  }

  return { screen, isPaletteOpen, isSaveOpen, go };
});
