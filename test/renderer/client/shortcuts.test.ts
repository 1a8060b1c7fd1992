import { describe, expect, test } from 'vitest';

import { shortcutFor, shortcutText } from '#renderer/client/shortcuts.ts';

describe('keys that work everywhere', () => {
  const rows: readonly (readonly [string, KeyboardEventInit, string | undefined])[] = [
    ['Ctrl+O', { key: 'o', ctrlKey: true }, 'open-files'],
    ['Ctrl+Shift+O', { key: 'O', ctrlKey: true, shiftKey: true }, 'open-folder'],
    ['Ctrl+K', { key: 'k', ctrlKey: true }, 'palette'],
    ['Ctrl+S', { key: 's', ctrlKey: true }, 'save-as'],
    ['Ctrl+2', { key: '2', ctrlKey: true }, 'compare'],
    ['O alone', { key: 'o' }, undefined],
    ['Ctrl+Alt+O', { key: 'o', ctrlKey: true, altKey: true }, undefined],
    ['Ctrl+Shift+K', { key: 'K', ctrlKey: true, shiftKey: true }, undefined],
    ['Ctrl+C is the copying of whatever has the focus', { key: 'c', ctrlKey: true }, undefined],
  ];
  test.each(rows)('%s', (_title, init, action) => {
    expect(shortcutFor(new KeyboardEvent('keydown', init))).toBe(action);
  });

  test('are shown as they are pressed', () => {
    expect([shortcutText('palette'), shortcutText('open-folder'), shortcutText('close-checkpoint')]).toEqual([
      'Ctrl+K',
      'Ctrl+Shift+O',
      undefined,
    ]);
  });
});
