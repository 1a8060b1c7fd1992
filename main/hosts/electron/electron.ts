/** The desktop app's entry: finds its places and starts. Nothing here awaits, or `ready` would never come. */
import * as electron from 'electron';
import { join } from 'node:path';

import { createEngineInThread } from '#main/engine-in-thread.ts';
import { crashLog } from '#main/hosts/crash-log.ts';
import { startApp } from '#main/hosts/electron/app.ts';
import { utilityProcesses } from '#main/hosts/electron/utility-process.ts';
import { windowStateStore } from '#main/hosts/electron/window-state.ts';

const { app, dialog, utilityProcess } = electron;
const folder = __dirname;
const dataFolder = process.env['PARAMSCOPE_DATA'] || app.getPath('userData');
const resourceFolder = app.isPackaged ? join(process.resourcesPath, 'paramscope') : join(folder, 'resources');
const log = crashLog(dataFolder);

process.on('uncaughtException', (error) => {
  log({ stack: error.stack ?? error.message });
  dialog.showErrorBox('Paramscope has a fault', `${error.message}\n\nThe log in ${dataFolder} has more.`);
});

startApp(electron, {
  pageFolder: join(folder, 'renderer'),
  preloadFile: join(folder, 'preload.cjs'),
  resourceFolder,
  launch: { argv: process.argv, cwd: process.cwd() },
  // unpackaged, the second one is the app's folder
  ownArguments: app.isPackaged ? 1 : 2,
  platform: process.platform,
  state: windowStateStore(join(dataFolder, 'window.json')),
  log,
  startEngine: () =>
    createEngineInThread({
      threadFile: join(folder, 'engine.cjs'),
      data: { dataFolder, resourceFolder, threadFolder: folder },
      startProcess: utilityProcesses(utilityProcess, folder, resourceFolder),
      log,
    }),
});
