// Bundles the benchmarks with the code as it ships and runs them: `npm run bench [-- name…] [-- --write]`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

import { assembly } from './assembly.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

if (!existsSync(join(root, 'dist', 'paramscope.cjs'))) {
  const built = spawnSync(process.execPath, [join(root, 'build', 'bundle.mjs')], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
await build({
  configFile: false,
  root,
  logLevel: 'warn',
  plugins: [assembly()],
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: join(root, 'test/bench/bench.ts'),
    outDir: join(root, 'dist'),
    emptyOutDir: false,
    target: 'node16',
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: { output: { format: 'cjs', entryFileNames: 'bench.cjs', codeSplitting: false } },
  },
});
const run = spawnSync(process.execPath, [join(root, 'dist', 'bench.cjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: root,
});
process.exitCode = run.status ?? 1;
