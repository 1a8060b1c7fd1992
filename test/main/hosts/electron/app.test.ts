import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { EngineInThread } from '#main/engine-in-thread.ts';
import { startApp, type AppOptions } from '#main/hosts/electron/app.ts';
import { windowStateStore } from '#main/hosts/electron/window-state.ts';
import type { Port } from '#shared/rpc.ts';
import { fakeBundle } from '#test/kit/fake-bundle.ts';
import { FakeContents, FakePort, fakeElectron, type FakeElectron } from '#test/kit/fake-electron.ts';

let folder: string;
let bundle: string;
let logged: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-app-'));
  bundle = fakeBundle();
  logged = [];
});
afterEach(() => {
  for (const path of [folder, bundle]) rmSync(path, { recursive: true, force: true });
});

/** An engine that remembers, and answers what a page sends by nothing at all. */
function recordingEngine() {
  const announced: unknown[] = [];
  const ports: Port[] = [];
  let isClosed = false;
  const engine: EngineInThread = {
    connect: (port) => void ports.push(port),
    grant: (path) => Promise.resolve({ file: `id of ${path}`, name: path.split('/').at(-1) ?? '' }),
    addRoot: (path) => Promise.resolve({ file: path, name: path }),
    nameOf: (file) => Promise.resolve(file),
    announce: (event) => {
      announced.push(event);
      return Promise.resolve();
    },
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
  return { engine, announced, ports, isClosed: () => isClosed };
}

async function start(fake: FakeElectron, change: Partial<AppOptions> = {}) {
  const recorded = recordingEngine();
  startApp(fake.electron, {
    pageFolder: join(bundle, 'renderer'),
    preloadFile: '/app/preload.cjs',
    resourceFolder: '/app/resources',
    launch: { argv: ['/app/paramscope'], cwd: '/home/a' },
    ownArguments: 1,
    platform: 'linux',
    state: windowStateStore(join(folder, 'window.json')),
    log: ({ stack }) => logged.push(stack),
    startEngine: () => recorded.engine,
    ...change,
  });
  await fake.becomeReady();
  return recorded;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const opened = (...paths: string[]) => ({
  kind: 'open',
  files: paths.map((path) => ({ file: `id of ${path}`, name: path.split('/').at(-1) })),
});

describe('the app starts', () => {
  test('sandboxed, with its scheme declared and its lock taken before it is ready', async () => {
    const fake = fakeElectron();
    await start(fake);
    expect(fake.log).toEqual(['enableSandbox', 'lock {"argv":["/app/paramscope"],"cwd":"/home/a"}']);
    expect(fake.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
    ]);
  });

  test('with a window that is locked in', async () => {
    const fake = fakeElectron();
    await start(fake);
    const [window] = fake.windows;
    expect(window?.url).toBe('app://paramscope/');
    expect(window?.options).toMatchObject({
      show: false,
      backgroundColor: '#ffffff',
      webPreferences: {
        preload: '/app/preload.cjs',
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
      },
    });
    expect(window?.calls).toEqual([]);
    window?.emit('ready-to-show');
    expect(window?.calls).toEqual(['show']);
  });

  test('in the dark with a dark surface before the first paint', async () => {
    const fake = fakeElectron();
    fake.nativeTheme.shouldUseDarkColors = true;
    await start(fake);
    expect(fake.windows[0]?.options['backgroundColor']).toBe('#16181d');
  });

  test('not at all where it runs already', async () => {
    const fake = fakeElectron({ hasLock: false });
    await start(fake);
    expect([fake.log.at(-1), fake.windows.length]).toEqual(['quit', 0]);
  });

  test('where the window was, unless no screen is there any more', async () => {
    const state = windowStateStore(join(folder, 'window.json'));
    const check = async (
      bounds: { x: number; y: number; width: number; height: number },
      isKept: boolean,
    ) => {
      state.update({ bounds });
      const fake = fakeElectron();
      await start(fake);
      const options = fake.windows[0]?.options;
      expect([options?.['x'], options?.['width']]).toEqual(
        isKept ? [bounds.x, bounds.width] : [undefined, 1360],
      );
    };
    await check({ x: 40, y: 50, width: 900, height: 700 }, true);
    await check({ x: -800, y: 50, width: 900, height: 700 }, true);
    await check({ x: 1900, y: 50, width: 900, height: 700 }, false);
    await check({ x: 5000, y: 5000, width: 900, height: 700 }, false);
  });
});

describe('files from outside reach the page', () => {
  test('named on the command line', async () => {
    const launch = { argv: ['/app/paramscope', '--inspect=0', 'a.npy', '/data/b.pt', ''], cwd: '/home/a' };
    const { announced } = await start(fakeElectron(), { launch });
    await settle();
    expect(announced).toEqual([opened('/home/a/a.npy', '/data/b.pt')]);
  });

  test('unpackaged, where the app’s folder comes first', async () => {
    const launch = { argv: ['electron', '.', '-v', '--', '-odd.npy'], cwd: '/home/a' };
    const { announced } = await start(fakeElectron(), { launch, ownArguments: 2 });
    await settle();
    expect(announced).toEqual([opened('/home/a/-odd.npy')]);
  });

  test('opened by the system, before and after the app is ready', async () => {
    const fake = fakeElectron();
    let prevented = 0;
    const event = { preventDefault: () => (prevented += 1) };
    const starting = start(fake);
    fake.app.emit('open-file', event, '/data/early.npy');
    const { announced } = await starting;
    fake.app.emit('open-file', event, '/data/late.npy');
    await settle();
    expect(announced).toEqual([opened('/data/early.npy'), opened('/data/late.npy')]);
    expect(prevented).toBe(2);
  });

  test('from a second instance, by what it says itself and not by the reordered arguments', async () => {
    const fake = fakeElectron();
    const { announced } = await start(fake);
    const [window] = fake.windows;
    if (window) window.isMinimizedNow = true;
    const launch = { argv: ['/app/paramscope', 'c.npy'], cwd: '/other' };
    fake.app.emit('second-instance', {}, ['/app/paramscope', '--standard-schemes=app', 'evil'], '/', launch);
    await settle();
    expect(announced).toEqual([opened('/other/c.npy')]);
    expect(window?.calls).toEqual(['restore', 'focus']);
    fake.app.emit('second-instance', {}, [], '/', { argv: 'not a list' });
    await settle();
    expect(announced).toHaveLength(1);
  });

  test('on a Mac without a window, in a new one', async () => {
    const fake = fakeElectron();
    const { announced } = await start(fake, { platform: 'darwin' });
    fake.windows[0]?.close();
    fake.app.emit('window-all-closed');
    expect([fake.windows.length, fake.log.includes('quit')]).toEqual([0, false]);
    fake.app.emit('open-file', { preventDefault: () => undefined }, '/data/a.npy');
    await settle();
    expect([fake.windows.length, announced]).toEqual([1, [opened('/data/a.npy')]]);
  });
});

describe('the page', () => {
  const event = (change: { url?: string; parent?: object; isOtherFrame?: boolean } = {}, port?: FakePort) => {
    const sender = new FakeContents();
    const frame = { url: change.url ?? 'app://paramscope/', parent: change.parent ?? null };
    if (!change.isOtherFrame) Object.assign(sender, { mainFrame: frame });
    return { sender, senderFrame: frame, ports: port ? [port] : [] };
  };
  const STRANGERS = [
    { url: 'https://evil.example/' },
    { url: 'app://paramscope.evil/' },
    { url: 'app://evil/' },
    { url: 'app://paramscope/other' },
    { url: 'file:///app/index.html' },
    { url: 'about:blank' },
    { url: '' },
    { parent: {} },
    { isOtherFrame: true },
  ];

  test('gets a port to the engine; nobody else does', async () => {
    const fake = fakeElectron();
    const { ports } = await start(fake);
    const own = ports.length;
    const port = new FakePort();
    fake.ipcMain.emit('paramscope:port', event({}, port));
    expect([ports.length - own, port.isClosed]).toEqual([1, false]);
    for (const stranger of STRANGERS) {
      const refused = new FakePort();
      fake.ipcMain.emit('paramscope:port', event(stranger, refused));
      expect([stranger, ports.length - own, refused.isClosed]).toEqual([stranger, 1, true]);
    }
    fake.ipcMain.emit('paramscope:port', event());
  });

  test('passes messages both ways and tells when it goes', async () => {
    const fake = fakeElectron();
    const { ports } = await start(fake);
    const port = new FakePort();
    fake.ipcMain.emit('paramscope:port', event({}, port));
    const seen: unknown[] = [];
    ports.at(-1)?.listen(
      (message) => seen.push(message),
      () => seen.push('closed'),
    );
    port.emit('message', { data: { kind: 'cancel', id: 1 } });
    port.emit('close');
    ports.at(-1)?.send({ kind: 'reply', id: 1, result: 2n });
    expect([seen, port.sent]).toEqual([
      [{ kind: 'cancel', id: 1 }, 'closed'],
      [{ kind: 'reply', id: 1, result: 2n }],
    ]);
  });

  const invoke = (fake: FakeElectron, channel: string, from: object, argument: unknown) =>
    (fake.handlers.get(channel) as (event: object, argument: unknown) => Promise<unknown>)(from, argument);

  test('has dropped files granted; strangers and odd paths are refused', async () => {
    const fake = fakeElectron();
    await start(fake);
    const drop = (from: object, path: unknown) => invoke(fake, 'paramscope:dropped', from, path);
    expect(await drop(event(), '/data/a.npy')).toEqual({ file: 'id of /data/a.npy', name: 'a.npy' });
    for (const stranger of STRANGERS)
      await expect(drop(event(stranger), '/data/a.npy')).rejects.toThrow(/only the page/);
    for (const path of ['', 'a.npy', '../a', 'a\0b', '/a\0', 7, null, {}, ['/a'], `/${'x'.repeat(40_000)}`]) {
      await expect(drop(event(), path), JSON.stringify(path)?.slice(0, 40)).rejects.toThrow();
    }
  });

  test('has files picked, starting where the last were', async () => {
    const fake = fakeElectron();
    await start(fake);
    const pick = (options: unknown, from: object = event()) => invoke(fake, 'paramscope:pick', from, options);
    const files = { mode: 'files', title: 'Open' };
    expect(await pick(files)).toEqual([]);
    fake.answers.open = { canceled: false, filePaths: ['/data/x/a.npy', '/data/x/b.npy'] };
    expect(await pick(files)).toEqual([
      { file: 'id of /data/x/a.npy', name: 'a.npy' },
      { file: 'id of /data/x/b.npy', name: 'b.npy' },
    ]);
    fake.answers.open = { canceled: false, filePaths: ['/runs/one'] };
    await pick({ mode: 'new-folder', title: 'Where' });
    fake.answers.save = { canceled: false, filePath: '/out/c.npz' };
    expect(await pick({ mode: 'save', title: 'Save', suggestedName: 'c.npz' })).toHaveLength(1);
    await pick({ mode: 'folder', title: 'Open' });
    expect(fake.dialogs).toEqual([
      { kind: 'open', options: { title: 'Open', properties: ['openFile', 'multiSelections'] } },
      { kind: 'open', options: { title: 'Open', properties: ['openFile', 'multiSelections'] } },
      {
        kind: 'open',
        options: { title: 'Where', properties: ['openDirectory', 'createDirectory'], defaultPath: '/data/x' },
      },
      { kind: 'save', options: { title: 'Save', defaultPath: '/runs/one/c.npz' } },
      { kind: 'open', options: { title: 'Open', properties: ['openDirectory'], defaultPath: '/out' } },
    ]);
    for (const stranger of STRANGERS)
      await expect(pick(files, event(stranger))).rejects.toThrow(/only the page/);
    for (const odd of [
      null,
      {},
      { mode: 'all', title: '' },
      { ...files, defaultPath: '/etc' },
      { mode: 'files' },
    ]) {
      await expect(pick(odd)).rejects.toThrow();
    }
  });

  test('goes nowhere, opens nothing, asks for nothing, reaches no network', async () => {
    const fake = fakeElectron();
    await start(fake);
    const contents = fake.windows[0]?.webContents;
    for (const name of ['will-navigate', 'will-redirect', 'will-attach-webview']) {
      let isPrevented = false;
      contents?.emit(name, { preventDefault: () => (isPrevented = true) });
      expect([name, isPrevented]).toEqual([name, true]);
    }
    expect(contents?.windowOpenHandler?.()).toEqual({ action: 'deny' });
    const request = (permission: string, from: unknown) => {
      let answer: unknown;
      (fake.permissions['request'] as (...args: unknown[]) => void)(
        from,
        permission,
        (given: unknown) => (answer = given),
      );
      return [answer, (fake.permissions['check'] as (...args: unknown[]) => unknown)(from, permission)];
    };
    expect(request('clipboard-sanitized-write', contents)).toEqual([true, true]);
    const elsewhere = new FakeContents();
    elsewhere.mainFrame.url = 'https://evil.example/';
    expect(request('clipboard-sanitized-write', elsewhere)).toEqual([false, false]);
    for (const permission of [
      'clipboard-read',
      'media',
      'geolocation',
      'notifications',
      'usb',
      'openExternal',
      'fullscreen',
    ]) {
      expect([permission, ...request(permission, contents)]).toEqual([permission, false, false]);
    }
    expect((fake.permissions['device'] as () => unknown)()).toBe(false);
    const [block] = fake.blocked;
    let decision: unknown;
    (block?.decide as (...args: unknown[]) => void)({}, (given: unknown) => (decision = given));
    expect([block?.urls, decision]).toEqual([['*://*/*', 'file://*/*'], { cancel: true }]);
  });

  test('that dies can be loaded again, and the log has it', async () => {
    const fake = fakeElectron();
    await start(fake);
    const contents = fake.windows[0]?.webContents;
    contents?.emit('render-process-gone', {}, { reason: 'clean-exit', exitCode: 0 });
    contents?.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
    await settle();
    expect([fake.dialogs.length, contents?.reloads]).toEqual([1, 1]);
    expect(logged).toEqual(['the window’s page ended: crashed, exit 5']);
    fake.answers.message = { response: 1 };
    contents?.emit('render-process-gone', {}, { reason: 'oom', exitCode: 1 });
    await settle();
    expect([contents?.reloads, fake.windows.length]).toEqual([1, 0]);
  });
});

describe.each([false, true])('the scheme, in a generation with protocol.handle: %s', (isNew) => {
  const get = async (fake: FakeElectron, url: string, method = 'GET') => {
    const answer = fake.answered.get('app') as (...args: unknown[]) => unknown;
    if (isNew) {
      const response = (await answer({ url, method })) as Response;
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: await response.text(),
      };
    }
    const given = await new Promise<{ statusCode: number; headers: Record<string, string>; data: Buffer }>(
      (resolve) => void answer({ url, method }, resolve),
    );
    return { status: given.statusCode, headers: given.headers, text: given.data.toString() };
  };

  test('answers the page’s own files under a strict policy', async () => {
    const fake = fakeElectron({ isNew });
    await start(fake);
    const page = await get(fake, 'app://paramscope/');
    const script = await get(fake, 'app://paramscope/assets/boot-1.js');
    expect([page.status, page.headers['content-type'], script.status, script.text]).toEqual([
      ...[200, 'text/html; charset=utf-8', 200, 'export {};'],
    ]);
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self' 'nonce-/);
    expect(page.text).not.toContain('PARAMSCOPE-NONCE');
  });

  test('answers nothing else', async () => {
    const fake = fakeElectron({ isNew });
    await start(fake);
    const refused = [
      ...[
        'app://paramscope/../secret.txt',
        'app://paramscope/%2e%2e/secret.txt',
        'app://paramscope//secret.txt',
      ],
      ...[
        'app://paramscope/assets/..%5csecret.txt',
        'app://paramscope/engine.cjs',
        'app://paramscope/?x',
        'app://evil/',
      ],
      ...[
        'app://paramscope.evil/',
        'app://user@paramscope/',
        'https://paramscope/',
        'app://paramscope:80/',
        'app://paramscope',
      ],
    ];
    for (const url of refused) expect([url, (await get(fake, url)).status]).toEqual([url, 404]);
    expect((await get(fake, 'app://paramscope/', 'POST')).status).toBe(404);
  });
});

describe('the menu', () => {
  const click = (fake: FakeElectron, label: string) =>
    fake.menu
      .flatMap(({ submenu }) => submenu ?? [])
      .find((item) => item.label === label)
      ?.click?.();

  test('tells the page what was chosen', async () => {
    const fake = fakeElectron();
    const { announced } = await start(fake);
    for (const label of ['&Open Files…', 'Search or &Run a Command…', '&Compare']) click(fake, label);
    expect(announced).toEqual(
      ['open-files', 'palette', 'compare'].map((action) => ({ kind: 'menu', action })),
    );
  });

  test('has no tools for developers in the packaged app', async () => {
    const roles = async (isPackaged: boolean) => {
      const fake = fakeElectron();
      fake.app.isPackaged = isPackaged;
      await start(fake);
      return JSON.stringify(fake.menu).includes('toggleDevTools');
    };
    expect([await roles(true), await roles(false)]).toEqual([false, true]);
  });
});

describe('the app ends', () => {
  test('when its last window is closed, after the engine has', async () => {
    const fake = fakeElectron();
    const { isClosed } = await start(fake);
    fake.windows[0]?.close();
    fake.app.emit('window-all-closed');
    let isPrevented = false;
    fake.app.emit('will-quit', { preventDefault: () => (isPrevented = true) });
    await settle();
    expect([isPrevented, isClosed(), fake.log.filter((line) => line === 'quit').length]).toEqual([
      true,
      true,
      2,
    ]);
    isPrevented = false;
    fake.app.emit('will-quit', { preventDefault: () => (isPrevented = true) });
    expect(isPrevented).toBe(false);
    expect(windowStateStore(join(folder, 'window.json')).read().bounds).toEqual({
      x: 1,
      y: 2,
      width: 1000,
      height: 700,
    });
  });
});
