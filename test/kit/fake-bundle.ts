import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A thread that speaks the envelope and knows a few commands, in place of the engine:
 * `echo` gives its params back, `hang` never answers until cancelled, `count` reports progress, `die` ends the thread.
 */
export const FAKE_ENGINE_THREAD = `
const { parentPort, threadId } = require('node:worker_threads');
const granted = [];
const host = {
  grant: (path) => { granted.push(path); return { file: 'id-' + granted.length, name: path.split('/').pop() }; },
  addRoot: (path) => host.grant(path),
  nameOf: (file) => file,
  announce: (event) => parentPort.postMessage({ kind: 'log', id: 'announced', stack: JSON.stringify(event) }),
  close: () => {},
};
const commands = {
  echo: (params) => params,
  granted: () => granted,
  thread: () => threadId,
  hang: () => new Promise(() => {}),
  fail: () => { throw { code: 'not-found', message: 'not here', file: 'a.npy' }; },
  count: (params, progress) => { for (let i = 0; i < 3; i++) progress({ done: i, total: 3, unit: 'steps' }); return 3; },
  die: () => process.exit(7),
};
const answer = (port, table) => port.on('message', async ({ kind, id, command, params }) => {
  if (kind !== 'call') return;
  try {
    if (!Object.hasOwn(table, command)) throw { code: 'invalid-params', message: 'no such command' };
    const result = await table[command](params, (progress) => port.postMessage({ kind: 'progress', id, progress }));
    port.postMessage({ kind: 'reply', id, result });
  } catch (error) { port.postMessage({ kind: 'error', id, error }); }
});
answer(parentPort, host);
parentPort.on('message', ({ kind, port }) => { if (kind === 'attach') answer(port, commands); });
`;

/** A folder as the bundler leaves it: a page and an engine thread, both small. */
export function fakeBundle(): string {
  const folder = mkdtempSync(join(tmpdir(), 'paramscope-fake-bundle-'));
  mkdirSync(join(folder, 'renderer', 'assets'), { recursive: true });
  mkdirSync(join(folder, 'resources'));
  const document = `<!doctype html><meta property="csp-nonce" nonce="PARAMSCOPE-NONCE"><script nonce="PARAMSCOPE-NONCE" src="./assets/boot-1.js"></script>`;
  writeFileSync(join(folder, 'renderer', 'index.html'), document);
  writeFileSync(join(folder, 'renderer', 'assets', 'boot-1.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'not for pages');
  writeFileSync(join(folder, 'engine.cjs'), FAKE_ENGINE_THREAD);
  return folder;
}
