import { dirname, join } from 'node:path';
import type { BrowserWindow, OpenDialogOptions } from 'electron';

import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';
import type { WindowStateStore } from '#main/hosts/electron/window-state.ts';
import type { PickOptions } from '#shared/bridge.ts';

const PROPERTIES: Readonly<
  Record<Exclude<PickOptions['mode'], 'save'>, OpenDialogOptions['properties'] & object>
> = {
  files: ['openFile', 'multiSelections'],
  folder: ['openDirectory'],
  'new-folder': ['openDirectory', 'createDirectory'],
};

/** Asks for files or a folder, starting where the last answer was. @returns paths, none when cancelled. */
export async function pickPaths(
  { dialog }: Pick<ElectronParts, 'dialog'>,
  state: WindowStateStore,
  window: BrowserWindow | undefined,
  { mode, title, suggestedName }: PickOptions,
): Promise<readonly string[]> {
  const { lastFolder } = state.read();
  const paths = await (mode === 'save' ? askWhereToSave() : askWhatToOpen(PROPERTIES[mode]));
  const first = paths[0];
  if (first !== undefined)
    state.update({ lastFolder: mode === 'folder' || mode === 'new-folder' ? first : dirname(first) });
  return paths;

  async function askWhereToSave(): Promise<readonly string[]> {
    const name = suggestedName ?? '';
    const defaultPath = lastFolder === undefined ? name : join(lastFolder, name);
    const options = { title, ...(defaultPath === '' ? {} : { defaultPath }) };
    const { filePath } = await (window
      ? dialog.showSaveDialog(window, options)
      : dialog.showSaveDialog(options));
    // undefined in older generations, empty in newer ones
    return filePath ? [filePath] : [];
  }

  async function askWhatToOpen(
    properties: OpenDialogOptions['properties'] & object,
  ): Promise<readonly string[]> {
    const options = { title, properties, ...(lastFolder === undefined ? {} : { defaultPath: lastFolder }) };
    const { canceled, filePaths } = await (window
      ? dialog.showOpenDialog(window, options)
      : dialog.showOpenDialog(options));
    return canceled ? [] : filePaths;
  }
}
