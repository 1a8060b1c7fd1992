import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startServer, type RunningServer } from '#main/hosts/serve/server.ts';
import { fakeBundle } from '#test/kit/fake-bundle.ts';
import { rawRequest, requestText } from '#test/main/hosts/serve/raw-request.ts';

/** Each value of each dimension with what a person would say of it; an answer is good where all of them are. */
interface Value {
  readonly text: string | undefined;
  readonly isGood: boolean;
}
const good = (text: string | undefined): Value => ({ text, isGood: true });
const bad = (text: string | undefined): Value => ({ text, isGood: false });

let folder: string;
let server: RunningServer;
let cookie: string;

beforeAll(async () => {
  folder = fakeBundle();
  let token = '';
  server = await startServer({
    bundleFolder: folder,
    dataFolder: folder,
    folders: [],
    onLink: (link) => (token = link.slice(link.indexOf('#') + 1)),
    log: () => undefined,
  });
  const own = `127.0.0.1:${server.port}`;
  const answer = await rawRequest(
    server.port,
    requestText('POST', '/session', { host: own, origin: `http://${own}` }, JSON.stringify({ token })),
  );
  cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `@` is the server's own port. An SSH forward brings names of this machine with another one. */
const HOSTS: readonly Value[] = [
  ...[good('127.0.0.1:@'), good('localhost:@'), good('[::1]:@'), good('LOCALHOST:8080')],
  ...[
    bad('evil.example:@'),
    bad('127.0.0.1.evil.example:@'),
    bad('0.0.0.0:@'),
    bad('192.168.0.7:@'),
    bad('localhost.evil.example'),
  ],
  ...[bad('127.0.0.1:@@evil.example'), bad('2130706433:@'), bad('evil.example, localhost'), bad(undefined)],
];
/** `=` is the origin that goes with the host. */
const ORIGINS: readonly Value[] = [
  ...[
    good('='),
    bad('http://evil.example'),
    bad('null'),
    bad('https://='),
    bad('http://localhost:1'),
    bad('=.evil.example'),
  ],
];
const FETCH_SITES: readonly Value[] = [
  good('same-origin'),
  good('none'),
  good(undefined),
  bad('cross-site'),
  bad('same-site'),
];
const COOKIES: readonly Value[] = [good('='), bad(undefined), bad('=0'), bad('paramscope=1'), bad('other=1')];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'];

/** Exact paths and what they are; everything else is nothing. */
const TARGETS: readonly {
  readonly target: string;
  readonly methods: readonly string[];
  readonly needsCookie: boolean;
  readonly status: number;
}[] = [
  { target: '/', methods: ['GET', 'HEAD'], needsCookie: false, status: 200 },
  { target: '/assets/boot-1.js', methods: ['GET', 'HEAD'], needsCookie: false, status: 200 },
  { target: '/upload?name=a.bin', methods: ['POST'], needsCookie: true, status: 200 },
  { target: '/socket', methods: ['GET'], needsCookie: true, status: 101 },
];
const TRICKS = [
  ...[
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/../../secret.txt',
  ],
  ...[
    '/assets/..%5c..%5csecret.txt',
    '/assets\\..\\..\\secret.txt',
    '//secret.txt',
    '//evil.example/',
    '/./index.html',
  ],
  ...[
    '/secret.txt',
    '/secret.txt?raw??',
    '/assets/boot-1.js?raw??',
    '/assets/boot-1.js?import&url',
    '/index.html%00.png',
  ],
  ...[
    '/assets/boot-1.js::$DATA',
    '/ASSETS/BOOT-1.JS',
    '/assets/BOOT~1.JS',
    '/assets/boot-1.js.',
    '/assets/boot-1.js%20',
  ],
  ...[
    '/@fs/etc/passwd',
    '/etc/passwd',
    'file:///etc/passwd',
    'http://evil.example/',
    '\\\\evil\\share\\a',
    '/engine.cjs',
  ],
  ...['/assets/', '/assets', '/socket/', '/upload/', '/session/', '/socket?x', '/%73ocket', '/.', '/..', '*'],
];

interface Case {
  readonly text: string;
  readonly isGood: boolean;
  readonly status: number;
}

function combinations(): Case[] {
  const own = (text: string | undefined) => text?.replaceAll('@', String(server.port));
  const cases: Case[] = [];
  for (const { target, methods, needsCookie, status } of TARGETS) {
    for (const method of METHODS)
      for (const host of HOSTS)
        for (const origin of ORIGINS)
          for (const site of FETCH_SITES)
            for (const session of COOKIES) {
              const flaws = [host, origin, site, ...(needsCookie ? [session] : [])].filter(
                ({ isGood }) => !isGood,
              ).length;
              const isRightMethod = methods.includes(method);
              // one thing wrong at a time, or nothing, says more than many at once
              if (flaws + (isRightMethod ? 0 : 1) > 1) continue;
              const hostText = own(host.text);
              const headers = {
                host: hostText,
                origin:
                  origin.text === '='
                    ? `http://${hostText}`
                    : origin.text?.replace('=', `http://${hostText}`),
                'sec-fetch-site': site.text,
                cookie: session.text === '=' ? cookie : session.text === '=0' ? `${cookie}0` : session.text,
                ...(target === '/socket' ? SOCKET_HEADERS : {}),
              };
              const isGood = flaws === 0 && isRightMethod;
              cases.push({
                text: requestText(method, target, headers, method === 'POST' ? 'x' : undefined),
                isGood,
                status,
              });
            }
  }
  return cases;
}

const SOCKET_HEADERS = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await run(item);
    }),
  );
}

test('every combination of method, Host, Origin, Sec-Fetch-Site and cookie is answered or refused as it should be', async () => {
  const cases = combinations();
  const wrong: string[] = [];
  const headersOfOthers: string[] = [];
  await inParallel(cases, async ({ text, isGood, status }) => {
    const answer = await rawRequest(server.port, text);
    const isAsExpected = isGood ? answer.status === status : answer.status >= 400 && answer.status < 500;
    if (!isAsExpected) wrong.push(`${answer.status} for ${JSON.stringify(text)}`);
    for (const name of answer.headers.keys())
      if (name.startsWith('access-control-')) headersOfOthers.push(text);
  });
  expect(cases.length).toBeGreaterThanOrEqual(2000);
  expect(cases.filter(({ isGood }) => isGood).length).toBeGreaterThan(100);
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(headersOfOthers).toEqual([]);
}, 60_000);

test('no spelling of a path reaches anything but the page’s own files', async () => {
  const found: string[] = [];
  const own = `127.0.0.1:${server.port}`;
  await inParallel(TRICKS, async (target) => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const headers = { host: own, origin: `http://${own}`, cookie };
      const answer = await rawRequest(
        server.port,
        requestText(method, target, headers, method === 'POST' ? '' : undefined),
      );
      const isRefused = answer.status >= 400 && answer.status < 500;
      if (!isRefused || answer.body.includes('not for pages'))
        found.push(`${answer.status} for ${method} ${target}`);
    }
  });
  expect(found).toEqual([]);
});
