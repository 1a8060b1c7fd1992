import { fileURLToPath } from 'node:url';
import { build } from 'vite';

import { assembly } from '#build/assembly.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles the trainer's threads into a folder, as the product's build does. */
export async function bundleThreads(folder: string): Promise<void> {
  for (const [name, entry] of [
    ['trainer', 'main/trainer/worker.ts'],
    ['saver', 'main/trainer/saver.ts'],
  ] as const) {
    await build({
      configFile: false,
      root,
      logLevel: 'silent',
      plugins: [assembly()],
      ssr: { noExternal: true, target: 'node' },
      build: {
        ssr: `${root}${entry}`,
        outDir: folder,
        emptyOutDir: false,
        target: 'node16',
        minify: false,
        reportCompressedSize: false,
        rolldownOptions: { output: { format: 'cjs', entryFileNames: `${name}.cjs`, codeSplitting: false } },
      },
    });
  }
}
