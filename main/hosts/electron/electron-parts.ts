import type * as Electron from 'electron';

/** What the shell uses of Electron: given to it, so that tests can give something else. */
export type ElectronParts = Pick<
  typeof Electron,
  'app' | 'BrowserWindow' | 'Menu' | 'dialog' | 'ipcMain' | 'nativeTheme' | 'protocol' | 'screen' | 'session'
>;
