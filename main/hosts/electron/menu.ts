import type { MenuItemConstructorOptions } from 'electron';

import type { MenuAction } from '#shared/commands/file.ts';

export interface MenuOptions {
  readonly platform: string;
  /** Adds what helps to develop the app itself. */
  readonly isDevelopment: boolean;
  readonly onAction: (action: MenuAction) => void;
}

/** The menu bar. Accelerators are those of `renderer/shortcuts.ts`; the page gets a key first, so none acts twice. */
export function menuTemplate({
  platform,
  isDevelopment,
  onAction,
}: MenuOptions): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const item = (label: string, action: MenuAction, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    click: () => onAction(action),
    ...(accelerator === undefined ? {} : { accelerator }),
  });
  const line: MenuItemConstructorOptions = { type: 'separator' };
  return [
    ...when(isMac, { role: 'appMenu' }),
    {
      label: '&File',
      submenu: [
        item('&Open Files…', 'open-files', 'CmdOrCtrl+O'),
        item('Open &Folder…', 'open-folder', 'CmdOrCtrl+Shift+O'),
        line,
        item('&Save As…', 'save-as', 'CmdOrCtrl+S'),
        item('&Close Checkpoint', 'close-checkpoint'),
        line,
        isMac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        item('&Browse', 'browse', 'CmdOrCtrl+1'),
        item('&Compare', 'compare', 'CmdOrCtrl+2'),
        item('&Train', 'train', 'CmdOrCtrl+3'),
        line,
        item('Search or &Run a Command…', 'palette', 'CmdOrCtrl+K'),
        line,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...when(isDevelopment, line, { role: 'reload' }, { role: 'toggleDevTools' }),
      ],
    },
    { role: 'windowMenu' },
    ...when(!isMac, { role: 'help', submenu: [{ role: 'about' }] }),
  ];
}

function when(condition: boolean, ...items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return condition ? items : [];
}
