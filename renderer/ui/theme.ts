/** The palette as a canvas needs it: resolved colours that follow the theme. */
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue';

const TOKENS = {
  surface: '--surface',
  raised: '--raised',
  sunken: '--sunken',
  line: '--line',
  lineStrong: '--line-strong',
  text: '--text',
  muted: '--muted',
  faint: '--faint',
  accent: '--accent',
  selected: '--selected',
  good: '--good',
  caution: '--caution',
  bad: '--bad',
  series1: '--series-1',
  series2: '--series-2',
  series3: '--series-3',
  series4: '--series-4',
  series5: '--series-5',
  series6: '--series-6',
} as const;

export type ThemeColours = Readonly<Record<keyof typeof TOKENS, string>> & { readonly isDark: boolean };

/** The colours now, and again whenever the theme changes; one palette serves every chart on the screen. */
export function useThemeColours(): Readonly<ShallowRef<ThemeColours>> {
  const colours = shallowRef(readColours());
  const update = () => (colours.value = readColours());
  const observer = new MutationObserver(update);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', update);
  onScopeDispose(() => {
    observer.disconnect();
    system.removeEventListener('change', update);
  });
  return colours;
}

function readColours(): ThemeColours {
  // a custom property's own text may still be light-dark(…); a used colour never is
  const probe = document.createElement('span');
  document.body.append(probe);
  const read = (token: string) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(Object.entries(TOKENS).map(([name, token]) => [name, read(token)]));
  probe.remove();
  return { ...(colours as Record<keyof typeof TOKENS, string>), isDark: isDarkColour(colours.surface ?? '') };
}

function isDarkColour(colour: string): boolean {
  const parts =
    colour
      .match(/\d+(\.\d+)?/g)
      ?.slice(0, 3)
      .map(Number) ?? [];
  return parts.length === 3 && parts.reduce((sum, part) => sum + part, 0) < 384;
}
