import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { startServer, type RunningServer } from '#main/hosts/serve/server.ts';
import { AppError } from '#shared/errors.ts';
import { callerOver, type Call, type Request, type Response } from '#shared/rpc.ts';
import { decodeWire, encodeWire } from '#shared/wire.ts';
import { fakeBundle } from '#test/kit/fake-bundle.ts';
import { rawRequest, requestText } from '#test/main/hosts/serve/raw-request.ts';

let folder: string;
let server: RunningServer;
let links: string[];
let origin: string;

beforeEach(async () => {
  folder = fakeBundle();
  links = [];
  server = await start();
  origin = `http://127.0.0.1:${server.port}`;
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(port?: number, folders: readonly string[] = []): Promise<RunningServer> {
  const onLink = (link: string) => void links.push(link);
  return startServer({
    bundleFolder: folder,
    dataFolder: folder,
    folders,
    port,
    onLink,
    log: () => undefined,
  });
}

const tokenOf = (link: string | undefined) => link?.slice(link.indexOf('#') + 1) ?? '';

function exchange(token: string, headers: Record<string, string> = {}): Promise<globalThis.Response> {
  return fetch(`${origin}/session`, {
    method: 'POST',
    headers: { origin, ...headers },
    body: JSON.stringify({ token }),
  });
}

async function logIn(): Promise<string> {
  const answer = await exchange(tokenOf(links.at(-1)));
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

function upload(cookie: string, query: string, body: BodyInit): Promise<globalThis.Response> {
  return fetch(`${origin}/upload?${query}`, {
    method: 'POST',
    headers: { origin, cookie },
    body,
    duplex: 'half',
  } as RequestInit);
}

function socketOf(cookie: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/socket`, { headers: { origin, cookie } });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

function callerOn(socket: WebSocket): Call {
  return callerOver({
    send: (message) => socket.send(encodeWire(message)),
    listen: (onMessage, onClose) => {
      socket.on('message', (data: Buffer) => onMessage(decodeWire(data) as Request | Response));
      socket.on('close', onClose);
    },
  });
}

/** Paths that uploads were written to, from the engine's own account. */
async function uploadedPaths(cookie: string): Promise<readonly string[]> {
  const socket = await socketOf(cookie);
  const paths = (await callerOn(socket)('granted', {})) as readonly string[];
  socket.close();
  return paths;
}

describe('the link', () => {
  test('is one, with a token of 256 bits in its fragment', () => {
    expect(links).toHaveLength(1);
    expect(links[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[0-9a-f]{64}$/);
  });

  test('gives a cookie that scripts and other sites never see, named for this server alone', async () => {
    const answer = await exchange(tokenOf(links[0]));
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^paramscope-[0-9a-f]{8}=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  test('works once; opened again elsewhere it is refused and the terminal shows a new one', async () => {
    const token = tokenOf(links[0]);
    const cookie = await logIn();
    const again = await exchange(token);
    expect(again.status).toBe(401);
    expect(again.headers.get('set-cookie')).toBeNull();
    expect(await again.json()).toMatchObject({
      error: { message: 'this link was used before; the terminal shows a new one' },
    });
    expect(links).toHaveLength(2);
    expect((await exchange(token, { cookie })).status).toBe(204);
    expect((await exchange(tokenOf(links[1]))).status).toBe(204);
  });

  test.each(['', 'a'.repeat(64), '{}'])(
    'the wrong token %j gives nothing and shows nothing',
    async (token) => {
      const answer = await exchange(token);
      expect([answer.status, answer.headers.get('set-cookie'), links.length]).toEqual([401, null, 1]);
    },
  );

  test('of another server opens nothing here', async () => {
    const other = await start();
    const stranger = tokenOf(links.at(-1));
    expect((await exchange(stranger)).status).toBe(401);
    await other.close();
  });

  test('a body that is no JSON, or too long, is refused', async () => {
    const post = (body: string) => fetch(`${origin}/session`, { method: 'POST', headers: { origin }, body });
    expect([(await post('token')).status, (await post(' '.repeat(5000))).status]).toEqual([400, 413]);
  });

  test('whether there is a session can be asked', async () => {
    const cookie = await logIn();
    const ask = (headers: Record<string, string>) => fetch(`${origin}/session`, { headers });
    expect([(await ask({})).status, (await ask({ cookie })).status]).toEqual([401, 204]);
  });
});

describe('the page', () => {
  test('comes with a strict policy and a nonce of its own each time', async () => {
    const [first, second] = await Promise.all([fetch(origin), fetch(origin)]);
    const policy = first.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    const text = await first.text();
    expect(nonce.length).toBeGreaterThanOrEqual(22);
    expect(text.match(new RegExp(`nonce="${nonce.replaceAll(/[+/]/g, '\\$&')}"`, 'g'))).toHaveLength(2);
    expect(text).not.toContain('PARAMSCOPE-NONCE');
    expect(second.headers.get('content-security-policy')).not.toBe(policy);
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
  });

  test('is reached by a link on another site, its other files are not', async () => {
    const site = { host: new URL(origin).host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const get = (path: string) =>
      rawRequest(server.port, requestText('GET', path, site)).then(({ status }) => status);
    expect([await get('/'), await get('/assets/boot-1.js')]).toEqual([200, 403]);
  });
});

describe('the socket', () => {
  test('carries calls, progress, errors and typed arrays', async () => {
    const socket = await socketOf(await logIn());
    const call = callerOn(socket);
    const params = { values: new Float32Array([1, -0, NaN]), count: 2n ** 64n };
    const steps: unknown[] = [];
    expect(await call('echo', params)).toStrictEqual(params);
    expect(await call('count', {}, { onProgress: (step) => steps.push(step) })).toBe(3);
    expect(steps).toHaveLength(3);
    await expect(call('fail', {})).rejects.toEqual(new AppError('not-found', 'not here', { file: 'a.npy' }));
    socket.close();
  });

  test.each([
    ['text', 'hello'],
    ['bytes that are no message', new Uint8Array([255, 255, 255, 255, 1])],
  ])('is closed on %s, and the server goes on', async (_what, data) => {
    const cookie = await logIn();
    const socket = await socketOf(cookie);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(data);
    expect(await closed).toBe(1007);
    const next = await socketOf(cookie);
    expect(await callerOn(next)('echo', 1)).toBe(1);
    next.close();
  });
});

describe('a socket that is refused', () => {
  test('and reset before it has read that leaves the server as it was', async () => {
    const cookie = await logIn();
    const faults: unknown[] = [];
    const onFault = (fault: unknown) => void faults.push(fault);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', onFault);
    try {
      const host = `127.0.0.1:${server.port}`;
      const asks = requestText('GET', '/socket', { host, connection: 'upgrade', upgrade: 'websocket' });
      for (let time = 0; time < 20; time++) await sendAndReset(asks);
      (await socketOf(cookie)).close();
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
    expect(faults).toEqual([]);
  });
});

/** Sends a text and is gone without a farewell. */
function sendAndReset(text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(text, () => void setTimeout(() => socket.resetAndDestroy(), 2));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => void setTimeout(resolve, 5));
  });
}

describe('an upload', () => {
  test('becomes a file that only its owner reads, with its own name, and a file id', async () => {
    const cookie = await logIn();
    const bytes = new Uint8Array(3_000_000).map((_, index) => index % 251);
    const answer = await upload(cookie, 'name=mlp.params', bytes);
    expect(await answer.json()).toEqual({ file: 'id-1', name: 'mlp.params' });
    const [path = ''] = await uploadedPaths(cookie);
    expect(readFileSync(path).equals(Buffer.from(bytes))).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(dirname(path))).mode & 0o777).toBe(0o700);
  });

  test('lies beside its siblings of one set, alone without one', async () => {
    const cookie = await logIn();
    for (const query of [
      'name=a.index&set=x1',
      'name=a.data&set=x1',
      'name=a.index&set=x2',
      'name=a.index',
      'name=a.index',
    ]) {
      expect((await upload(cookie, query, 'x')).status).toBe(200);
    }
    const folders = (await uploadedPaths(cookie)).map((path) => dirname(path));
    expect(folders[0]).toBe(folders[1]);
    expect(new Set(folders).size).toBe(4);
  });

  test('of a name that the set has already is refused and the first one stays', async () => {
    const cookie = await logIn();
    await upload(cookie, 'name=a.npy&set=s', 'first');
    const second = await upload(cookie, 'name=a.npy&set=s', 'second');
    expect(second.status).toBe(500);
    const [path = ''] = await uploadedPaths(cookie);
    expect(readFileSync(path, 'utf8')).toBe('first');
  });

  test.each(
    [...['', '.', '..', '../a', 'a/b', 'a\\b', 'C:a', 'a\0b', '/etc/passwd', '..%2f', 'ü'.repeat(128)]].map(
      (name) => [name],
    ),
  )('named %j is refused', async (name) => {
    const cookie = await logIn();
    const isEncodedTrick = name === '..%2f';
    const query = `name=${isEncodedTrick ? '..%2fa' : encodeURIComponent(name)}`;
    const answer = await upload(cookie, query, 'x');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid-params' } });
    expect(await uploadedPaths(cookie)).toEqual([]);
  });

  test.each(['', '..', 'a/b', 'a b', 'x'.repeat(65)])('of the set %j is refused', async (set) => {
    const cookie = await logIn();
    expect((await upload(cookie, `name=a&set=${encodeURIComponent(set)}`, 'x')).status).toBe(400);
  });

  test('that the browser breaks off leaves nothing behind', async () => {
    const cookie = await logIn();
    await upload(cookie, 'name=whole&set=s', 'x');
    const [path = ''] = await uploadedPaths(cookie);
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        const head = `POST /upload?name=half&set=s HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\norigin: ${origin}\r\n`;
        socket.write(`${head}cookie: ${cookie}\r\ncontent-length: 100000\r\n\r\nonly this`);
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on('close', () => resolve());
    });
    await expect.poll(() => readdirSync(dirname(path))).toEqual(['whole']);
  });
});

describe('the server', () => {
  test('listens on this machine alone', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of addresses) {
      const outcome = await new Promise((resolve) => {
        const socket = connect(server.port, address, () => resolve('connected'));
        socket.once('error', () => resolve('refused'));
        socket.once('connect', () => socket.destroy());
      });
      expect(outcome).toBe('refused');
    }
  });

  test('says which port is in use', async () => {
    await expect(start(server.port)).rejects.toMatchObject({
      code: 'io',
      message: `port ${server.port} is in use`,
    });
  });

  test('leaves no temporary file when it ends', async () => {
    const cookie = await logIn();
    await upload(cookie, 'name=a', 'x');
    const [path = ''] = await uploadedPaths(cookie);
    expect(path.startsWith(join(tmpdir(), 'paramscope-serve-'))).toBe(true);
    await server.close();
    expect(existsSync(dirname(dirname(path)))).toBe(false);
    server = await start();
  });
});
