/**
 * Electron for unit tests, in one place: it keeps the order that the real one demands (schemes before ready,
 * handlers and windows after, nothing twice) and remembers what it was told.
 */
import { EventEmitter } from 'node:events';

import type { ElectronParts } from '#main/hosts/electron/electron-parts.ts';

type Listener = (...args: never[]) => unknown;

export class FakeContents extends EventEmitter {
  readonly mainFrame = { url: 'app://paramscope/', parent: null };
  windowOpenHandler: (() => unknown) | undefined;
  reloads = 0;
  getURL(): string {
    return this.mainFrame.url;
  }
  setWindowOpenHandler(handler: () => unknown): void {
    this.windowOpenHandler = handler;
  }
  reload(): void {
    this.reloads += 1;
  }
}

export class FakeWindow extends EventEmitter {
  readonly webContents = new FakeContents();
  readonly calls: string[] = [];
  readonly options: Record<string, unknown>;
  url = '';
  backgroundColor = '';
  isMinimizedNow = false;
  bounds = { x: 1, y: 2, width: 1000, height: 700 };
  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
  }
  loadURL(url: string): Promise<void> {
    this.url = url;
    return Promise.resolve();
  }
  show(): void {
    this.calls.push('show');
  }
  maximize(): void {
    this.calls.push('maximize');
  }
  restore(): void {
    this.calls.push('restore');
  }
  focus(): void {
    this.calls.push('focus');
  }
  close(): void {
    this.calls.push('close');
    this.emit('close');
    this.emit('closed');
  }
  isMinimized(): boolean {
    return this.isMinimizedNow;
  }
  isMaximized(): boolean {
    return false;
  }
  isDestroyed(): boolean {
    return false;
  }
  getNormalBounds(): object {
    return this.bounds;
  }
  setBackgroundColor(color: string): void {
    this.backgroundColor = color;
  }
}

/** A port of Electron's main process, and what was sent through it. */
export class FakePort extends EventEmitter {
  readonly sent: unknown[] = [];
  isClosed = false;
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  start(): void {}
  close(): void {
    this.isClosed = true;
  }
}

export interface FakeElectronOptions {
  /** Whether this is the first instance. */
  readonly hasLock?: boolean;
  /** Of a generation with `protocol.handle`. */
  readonly isNew?: boolean;
}

export function fakeElectron({ hasLock = true, isNew = false }: FakeElectronOptions = {}) {
  const windows: FakeWindow[] = [];
  const log: string[] = [];
  const handlers = new Map<string, Listener>();
  const schemes: unknown[] = [];
  const answered = new Map<string, Listener>();
  const permissions: Record<string, Listener> = {};
  const blocked: { urls: readonly string[]; decide: Listener }[] = [];
  const dialogs: { kind: string; options: Record<string, unknown> }[] = [];
  const answers = {
    open: { canceled: true, filePaths: [] as string[] },
    save: { canceled: true, filePath: '' as string | undefined },
    message: { response: 0 },
  };
  let isReady = false;
  let becomeReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    becomeReady = () => {
      isReady = true;
      resolve();
    };
  });
  const only = (condition: boolean, rule: string) => {
    if (!condition) throw new Error(rule);
  };
  const once = (map: Map<string, Listener>, name: string, listener: Listener) => {
    only(!map.has(name), `${name} is handled already`);
    map.set(name, listener);
  };

  const app = Object.assign(new EventEmitter(), {
    isPackaged: true,
    enableSandbox: () => {
      only(!isReady, 'the sandbox is enabled before the app is ready');
      log.push('enableSandbox');
    },
    requestSingleInstanceLock: (data: unknown) => {
      log.push(`lock ${JSON.stringify(data)}`);
      return hasLock;
    },
    whenReady: () => ready,
    quit: () => void log.push('quit'),
  });
  const ipcMain = Object.assign(new EventEmitter(), {
    handle: (channel: string, listener: Listener) => once(handlers, channel, listener),
  });
  const answerScheme = (scheme: string, listener: Listener) => {
    only(isReady, 'a scheme is answered when the app is ready');
    once(answered, scheme, listener);
  };
  const protocol = {
    registerSchemesAsPrivileged: (list: unknown[]) => {
      only(!isReady, 'schemes are declared before the app is ready');
      only(schemes.length === 0, 'schemes are declared once');
      schemes.push(...list);
    },
    ...(isNew ? { handle: answerScheme } : {}),
    registerBufferProtocol: (scheme: string, listener: Listener) => {
      only(!isNew, 'registerBufferProtocol is deprecated here');
      answerScheme(scheme, listener);
    },
  };
  const BrowserWindow = Object.assign(
    function (options: Record<string, unknown>) {
      only(isReady, 'windows come when the app is ready');
      const window = new FakeWindow(options);
      windows.push(window);
      window.on('closed', () => windows.splice(windows.indexOf(window), 1));
      app.emit('web-contents-created', {}, window.webContents);
      return window;
    },
    { getAllWindows: () => windows },
  );
  const defaultSession = {
    setPermissionRequestHandler: (listener: Listener) => void (permissions['request'] = listener),
    setPermissionCheckHandler: (listener: Listener) => void (permissions['check'] = listener),
    setDevicePermissionHandler: (listener: Listener) => void (permissions['device'] = listener),
    webRequest: {
      onBeforeRequest: ({ urls }: { urls: string[] }, decide: Listener) =>
        void blocked.push({ urls, decide }),
    },
  };
  const asked = <Answer>(kind: keyof typeof answers) => {
    return (...args: Record<string, unknown>[]) => {
      dialogs.push({ kind, options: args.at(-1) ?? {} });
      return Promise.resolve(answers[kind] as Answer);
    };
  };
  const parts = {
    app,
    BrowserWindow,
    Menu: {
      buildFromTemplate: (template: unknown) => template,
      setApplicationMenu: (template: unknown) => {
        only(isReady, 'menus come when the app is ready');
        state.menu = template as typeof state.menu;
      },
    },
    dialog: {
      showOpenDialog: asked('open'),
      showSaveDialog: asked('save'),
      showMessageBox: asked('message'),
    },
    ipcMain,
    nativeTheme: Object.assign(new EventEmitter(), { themeSource: 'system', shouldUseDarkColors: false }),
    protocol,
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: { defaultSession },
  };
  const state = {
    electron: parts as unknown as ElectronParts,
    ...parts,
    windows,
    log,
    handlers,
    schemes,
    answered,
    permissions,
    blocked,
    dialogs,
    answers,
    menu: [] as { label?: string; role?: string; submenu?: { label?: string; click?: () => void }[] }[],
    /** The app is ready, and what waited for that has run. */
    becomeReady: async () => {
      becomeReady();
      await ready;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return state;
}

export type FakeElectron = ReturnType<typeof fakeElectron>;
