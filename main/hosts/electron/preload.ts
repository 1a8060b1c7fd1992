/** What the page gets of the desktop: the three members of `shared/bridge.ts`, and no channel. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

import { DROPPED_CHANNEL, PICK_CHANNEL, PORT_CHANNEL } from '#main/hosts/electron/channels.ts';
import { PORT_MESSAGE, type Bridge, type PickedFile } from '#shared/bridge.ts';

/** Electron 29 and newer tell the path here; older ones put it on the file itself. */
function pathOf(file: File): string {
  const tools = webUtils as typeof webUtils | undefined;
  return tools ? tools.getPathForFile(file) : ((file as File & { readonly path?: string }).path ?? '');
}

const bridge: Bridge = {
  host: 'electron',
  requestPort: () => {
    const { port1, port2 } = new MessageChannel();
    ipcRenderer.postMessage(PORT_CHANNEL, null, [port2]);
    window.postMessage(PORT_MESSAGE, location.origin, [port1]);
  },
  openDropped: async (file) => {
    const path = pathOf(file);
    // made by a script or dragged out of another program: it lies nowhere
    return path === '' ? undefined : ((await ipcRenderer.invoke(DROPPED_CHANNEL, path)) as PickedFile);
  },
  pickFiles: (options) => ipcRenderer.invoke(PICK_CHANNEL, options) as Promise<readonly PickedFile[]>,
};

contextBridge.exposeInMainWorld('paramscope', bridge);
