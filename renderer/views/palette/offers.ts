/** Where the palette's entries come from. */
import { perform } from '#renderer/stores/host-events.ts';
import { shortcutText } from '#renderer/client/shortcuts.ts';
import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useDuplicates } from '#renderer/stores/duplicates.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import { useNonFinite } from '#renderer/stores/non-finite.ts';
import { useRuns } from '#renderer/stores/runs.ts';
import { useSelection } from '#renderer/stores/selection.ts';
import { useSettings, type Theme } from '#renderer/stores/settings.ts';
import type { PaletteEntry } from '#renderer/views/palette/entries.ts';
import type { MenuAction } from '#shared/commands/file.ts';
import { escapeName, formatShape } from '#shared/display.ts';

const ACTIONS: readonly (readonly [MenuAction, string])[] = [
  ['open-files', 'Open files…'],
  ['open-folder', 'Open folder…'],
  ['browse', 'Go to Browse'],
  ['compare', 'Go to Compare'],
  ['train', 'Go to Train'],
];
/** Only where a checkpoint is open. */
const CHECKPOINT_ACTIONS: readonly (readonly [MenuAction, string])[] = [
  ['save-as', 'Save as…'],
  ['close-checkpoint', 'Close this checkpoint'],
];
const THEMES: readonly (readonly [Theme, string])[] = [
  ['system', 'Theme: as the system'],
  ['light', 'Theme: light'],
  ['dark', 'Theme: dark'],
];

export function* commandEntries(): Generator<PaletteEntry> {
  const { current, openSample } = useCheckpoints();
  for (const [action, title] of current ? [...ACTIONS, ...CHECKPOINT_ACTIONS] : ACTIONS) {
    yield command(action, title, () => perform(action), shortcutText(action));
  }
  if (current) {
    yield command('non-finite', 'Look for NaN and ∞ in the whole file', () => {
      useNavigation().go('browse');
      useSelection().tab = 'non-finite';
      return useNonFinite().search(current.file);
    });
    yield command('duplicates', 'Look for equal tensors in the file', () => {
      useNavigation().go('browse');
      useSelection().tab = 'duplicates';
      return useDuplicates().search(current.file);
    });
  }
  yield command('sample', 'Open the sample checkpoint', () => {
    useNavigation().go('browse');
    return openSample();
  });
  yield command('train-sample', 'Train the sample network', () => {
    useNavigation().go('train');
    return useRuns().trainSample();
  });
  yield command('drill', 'Set up a crash drill', () => {
    useNavigation().trainTab = 'drill';
    useNavigation().go('train');
  });
  for (const [theme, title] of THEMES) {
    yield command(`theme-${theme}`, title, () => useSettings().set({ theme }));
  }
}

export function* checkpointEntries(): Generator<PaletteEntry> {
  const { open, show } = useCheckpoints();
  for (const { file, name, summary } of open) {
    yield {
      key: `checkpoint ${file}`,
      title: escapeName(name),
      kind: 'Checkpoint',
      detail: summary.dialect,
      run: () => {
        useNavigation().go('browse');
        show(file);
      },
    };
  }
}

export function* tensorEntries(): Generator<PaletteEntry> {
  for (const { name, dtype, shape } of useCheckpoints().current?.summary.tensors ?? []) {
    yield {
      key: `tensor ${name}`,
      title: escapeName(name),
      kind: 'Tensor',
      detail: `${dtype} · ${formatShape(shape)}`,
      run: () => {
        useNavigation().go('browse');
        useSelection().select(name);
      },
    };
  }
}

function command(key: string, title: string, run: () => unknown, shortcut?: string): PaletteEntry {
  return { key: `command ${key}`, title, kind: 'Command', shortcut, run };
}
