import { MessageChannel } from 'node:worker_threads';
import type { BrowserWindow } from 'electron';

import { portOver } from '#main/engine-host-calls.ts';
import type { EngineInThread } from '#main/engine-in-thread.ts';
import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';
import type { WindowStateStore } from '#main/hosts/electron/window-state.ts';
import { surfaceOf } from '#main/hosts/electron/window.ts';
import type { Settings } from '#shared/commands/settings.ts';
import { callerOver } from '#shared/rpc.ts';

/**
 * Keeps the system's part of the window (frame, menus, colour before the first paint) in the theme of the settings.
 * The last one is kept beside the window's place, since the engine is not there yet when the window opens.
 */
export function watchTheme(
  { nativeTheme }: Pick<ElectronParts, 'nativeTheme'>,
  engine: EngineInThread,
  state: WindowStateStore,
  window: () => BrowserWindow | undefined,
): { onReply: (command: string) => void } {
  const apply = () => {
    nativeTheme.themeSource = state.read().theme;
    window()?.setBackgroundColor(surfaceOf({ nativeTheme }));
  };
  const { port1, port2 } = new MessageChannel();
  engine.connect(portOver(port2));
  const call = callerOver(portOver(port1));
  const refresh = async () => {
    const { theme } = (await call('settings.get', {})) as Settings;
    if (theme !== state.read().theme) state.update({ theme });
    apply();
  };
  const keep = () => undefined;

  apply();
  nativeTheme.on('updated', () => window()?.setBackgroundColor(surfaceOf({ nativeTheme })));
  refresh().catch(keep);
  return {
    onReply: (command) => {
      if (command === 'settings.set') refresh().catch(keep);
    },
  };
}
