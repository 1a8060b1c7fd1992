import { fileURLToPath } from 'node:url';
import { build } from 'vite';

import { assembly } from '#build/assembly.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles files for Node into a folder as the product's build does: by name, `<name>.cjs` from a path of the checkout. */
export async function bundleForNode(
  folder: string,
  entries: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, entry] of Object.entries(entries)) {
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
