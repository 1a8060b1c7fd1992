/** The other end of the preload: checks who sends, gives ids for paths, and ties the page's port to the engine. */
import { isAbsolute } from 'node:path';
import type { IpcMainEvent, IpcMainInvokeEvent, MessagePortMain } from 'electron';
import * as z from 'zod/mini';

import type { EngineInThread } from '#main/engine-in-thread.ts';
import { isPageUrl } from '#main/hosts/electron/app-protocol.ts';
import { DROPPED_CHANNEL, PICK_CHANNEL, PORT_CHANNEL } from '#main/hosts/electron/channels.ts';
import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';
import type { PickOptions } from '#shared/bridge.ts';
import type { Port, Request, Response } from '#shared/rpc.ts';

export interface BridgeOptions {
  readonly engine: EngineInThread;
  /** Asks the person for files. @returns paths. */
  readonly pick: (options: PickOptions) => Promise<readonly string[]>;
  /** Told the command of each call that was answered. */
  readonly onReply: (command: string) => void;
}

const PICK_OPTIONS = z.strictObject({
  mode: z.enum(['files', 'folder', 'save', 'new-folder']),
  title: z.string().check(z.maxLength(200)),
  suggestedName: z.optional(z.string().check(z.maxLength(255))),
});

/** A path as the preload finds it for a file that was dropped. */
const DROPPED_PATH = z.string().check(
  z.maxLength(32_767),
  z.refine((path) => isAbsolute(path) && !path.includes('\0')),
);

export function installBridge({ ipcMain }: Pick<ElectronParts, 'ipcMain'>, options: BridgeOptions): void {
  const { engine } = options;
  ipcMain.on(PORT_CHANNEL, (event) => {
    const port = event.ports[0];
    if (!port) return;
    if (isFromPage(event)) engine.connect(portOverMain(port), options.onReply);
    else port.close();
  });
  ipcMain.handle(DROPPED_CHANNEL, async (event, path: unknown) => {
    requirePage(event);
    return engine.grant(z.parse(DROPPED_PATH, path));
  });
  ipcMain.handle(PICK_CHANNEL, async (event, wanted: unknown) => {
    requirePage(event);
    const paths = await options.pick(z.parse(PICK_OPTIONS, wanted) as PickOptions);
    return Promise.all(paths.map((path) => engine.grant(path)));
  });
}

/** Whether a message comes from the top frame of our own page. */
function isFromPage(event: IpcMainEvent | IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame === event.sender.mainFrame && frame.parent === null && isPageUrl(frame.url);
}

function requirePage(event: IpcMainInvokeEvent): void {
  if (!isFromPage(event)) throw new Error('only the page of this app may ask');
}

/** A port of Electron's main process as a port of ours. */
function portOverMain(port: MessagePortMain): Port {
  return {
    send: (message) => port.postMessage(message),
    listen: (onMessage, onClose) => {
      port.on('message', (event) => onMessage(event.data as Request | Response));
      port.on('close', onClose);
      port.start();
    },
  };
}
