/** The one window: locked to our own page, opened where it was, offering a reload when its page dies. */
import { join } from 'node:path';
import type { BrowserWindow } from 'electron';

import { PAGE_URL } from '#main/hosts/electron/app-protocol.ts';
import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';
import { visibleBounds, type WindowStateStore } from '#main/hosts/electron/window-state.ts';
import type { LogEntry } from '#main/hosts/crash-log.ts';

export interface WindowOptions {
  readonly preloadFile: string;
  readonly resourceFolder: string;
  readonly state: WindowStateStore;
  readonly log: (entry: LogEntry) => void;
}

/** The page's surface in both themes, `--surface` of tokens.css: what is seen before it paints. */
const SURFACE = { light: '#ffffff', dark: '#16181d' } as const;
const DEFAULT_SIZE = { width: 1360, height: 860 } as const;

type Parts = Pick<ElectronParts, 'BrowserWindow' | 'dialog' | 'nativeTheme' | 'screen'>;

export function openWindow(parts: Parts, options: WindowOptions): BrowserWindow {
  const { state } = options;
  const screens = parts.screen.getAllDisplays().map((display) => display.workArea);
  const window = new parts.BrowserWindow({
    ...(visibleBounds(state.read().bounds, screens) ?? DEFAULT_SIZE),
    minWidth: 880,
    minHeight: 560,
    show: false,
    title: 'Paramscope',
    icon: join(options.resourceFolder, 'icon.png'),
    backgroundColor: surfaceOf(parts),
    webPreferences: {
      preload: options.preloadFile,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => {
    if (state.read().isMaximized) window.maximize();
    window.show();
  });
  window.on('close', () =>
    state.update({ bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }),
  );
  offerReload(parts, window, options.log);
  // a page that does not load is told by did-fail-load; the promise says the same again
  window.loadURL(PAGE_URL).catch((error: unknown) => options.log({ stack: String(error) }));
  return window;
}

export function surfaceOf({ nativeTheme }: Pick<Parts, 'nativeTheme'>): string {
  return nativeTheme.shouldUseDarkColors ? SURFACE.dark : SURFACE.light;
}

function offerReload({ dialog }: Parts, window: BrowserWindow, log: WindowOptions['log']): void {
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    log({ stack: `the window’s page ended: ${reason}, exit ${exitCode}` });
    void dialog
      .showMessageBox(window, {
        type: 'error',
        message: 'The window stopped working',
        detail: 'Training and files are not touched by this: they live in a part of their own.',
        buttons: ['Reload', 'Close'],
        defaultId: 0,
        cancelId: 1,
      })
      .then(({ response }) => {
        if (window.isDestroyed()) return;
        if (response === 0) window.webContents.reload();
        else window.close();
      });
  });
}
