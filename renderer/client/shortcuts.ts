/** Keys that work everywhere. On the desktop the menu has the same ones and usually gets them first. */
import type { MenuAction } from '#shared/commands/file.ts';

const KEYS: Readonly<Partial<Record<MenuAction, string>>> = {
  'open-files': 'o',
  palette: 'k',
  'save-as': 's',
  browse: '1',
  compare: '2',
  train: '3',
};

function isMac(): boolean {
  return navigator.platform.startsWith('Mac');
}

/** @returns what a key press asks for, or undefined for one that is not ours. */
export function shortcutFor(event: KeyboardEvent): MenuAction | undefined {
  const isCommand = isMac() ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  if (!isCommand || event.altKey) return undefined;
  const key = event.key.toLowerCase();
  if (event.shiftKey) return key === 'o' ? 'open-folder' : undefined;
  const entry = Object.entries(KEYS).find(([, used]) => used === key);
  return entry?.[0] as MenuAction | undefined;
}

/** As shown on buttons: `Ctrl+K`, or `⌘K` on a Mac. */
export function shortcutText(action: MenuAction): string | undefined {
  if (action === 'open-folder') return isMac() ? '⇧⌘O' : 'Ctrl+Shift+O';
  const key = KEYS[action]?.toUpperCase();
  if (key === undefined) return undefined;
  return isMac() ? `⌘${key}` : `Ctrl+${key}`;
}
