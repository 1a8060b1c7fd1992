/** The desktop app from its start to its end. Electron is given to it, as are the places it works with. */
import type { BrowserWindow } from 'electron';

import type { EngineInThread } from '#main/engine-in-thread.ts';
import { answerScheme, declareScheme } from '#main/hosts/electron/app-protocol.ts';
import { installBridge } from '#main/hosts/electron/bridge.ts';
import { pickPaths } from '#main/hosts/electron/dialogs.ts';
import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';
import { LAUNCH, launchFiles, type Launch } from '#main/hosts/electron/launch-files.ts';
import { lockDown } from '#main/hosts/electron/lock.ts';
import { menuTemplate } from '#main/hosts/electron/menu.ts';
import { watchTheme } from '#main/hosts/electron/theme.ts';
import { TRAINING_NAME } from '#main/hosts/electron/utility-process.ts';
import type { WindowStateStore } from '#main/hosts/electron/window-state.ts';
import { openWindow } from '#main/hosts/electron/window.ts';
import type { LogEntry } from '#main/hosts/crash-log.ts';

export interface AppOptions {
  /** The built page. */
  readonly pageFolder: string;
  readonly preloadFile: string;
  readonly resourceFolder: string;
  readonly launch: Launch;
  /** How many arguments at the start are the app's own. */
  readonly ownArguments: number;
  readonly platform: string;
  readonly state: WindowStateStore;
  readonly log: (entry: LogEntry) => void;
  readonly startEngine: () => EngineInThread;
}

/** The most that an engine gets for an orderly end; what it saves is safe at any moment anyway. */
const CLOSE_MS = 5000;

/** Runs synchronously up to waiting for `ready`: what has to be said before that must not come after an await. */
export function startApp(electron: ElectronParts, options: AppOptions): void {
  const { app } = electron;
  app.enableSandbox();
  declareScheme(electron);
  if (!app.requestSingleInstanceLock(options.launch)) {
    app.quit();
    return;
  }
  const early: string[] = launchFiles(options.launch, options.ownArguments);
  let open = (paths: readonly string[]): void => void early.push(...paths);
  app.on('open-file', (event, path) => {
    event.preventDefault();
    open([path]);
  });
  app.on('second-instance', (_event, _argv, _cwd, launch) => {
    // Electron reorders argv and adds its own; what the other instance sent itself is as it was
    const { success, data } = LAUNCH.safeParse(launch);
    open(success ? launchFiles(data, options.ownArguments) : []);
  });
  void app.whenReady().then(() => {
    open = run(electron, options);
    if (early.length > 0) open(early);
  });
}

/** @returns what opens files from outside in the window. */
function run(electron: ElectronParts, options: AppOptions): (paths: readonly string[]) => void {
  const { app, BrowserWindow, Menu } = electron;
  const { state, log } = options;
  const engine = options.startEngine();
  lockDown(electron);
  answerScheme(electron, options.pageFolder);
  let window: BrowserWindow | undefined;
  const theme = watchTheme(electron, engine, state, () => window);
  installBridge(electron, {
    engine,
    onReply: theme.onReply,
    pick: (wanted) => pickPaths(electron, state, window, wanted),
  });
  const show = () => {
    window = openWindow(electron, options);
    window.once('closed', () => (window = undefined));
  };
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate({
        platform: options.platform,
        isDevelopment: !app.isPackaged,
        onAction: (action) => void engine.announce({ kind: 'menu', action }).catch(reject),
      }),
    ),
  );
  show();

  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) show();
  });
  app.on('window-all-closed', () => {
    if (options.platform !== 'darwin') app.quit();
  });
  app.on('child-process-gone', (_event, { type, reason, exitCode, name }) => {
    // a crash drill kills what trains
    const isMeant = reason === 'clean-exit' || (reason === 'killed' && name === TRAINING_NAME);
    if (!isMeant) log({ stack: `a process of the app ended: ${type}, ${reason}, exit ${exitCode}` });
  });
  let isEnding = false;
  app.on('will-quit', (event) => {
    if (isEnding) return;
    isEnding = true;
    event.preventDefault();
    const patience = new Promise((resolve) => setTimeout(resolve, CLOSE_MS));
    void Promise.race([engine.close(), patience]).finally(() => app.quit());
  });

  function reject(error: unknown): void {
    log({ stack: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }

  return (paths) => {
    if (!window) show();
    else if (window.isMinimized()) window.restore();
    window?.focus();
    if (paths.length === 0) return;
    void Promise.all(paths.map((path) => engine.grant(path)))
      .then((files) => engine.announce({ kind: 'open', files }))
      .catch(reject);
  };
}
