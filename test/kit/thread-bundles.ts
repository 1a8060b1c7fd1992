import { bundleForNode } from '#test/kit/node-bundles.ts';

/** Bundles the trainer's threads into a folder, as the product's build does. */
export async function bundleThreads(folder: string): Promise<void> {
  await bundleForNode(folder, { trainer: 'main/trainer/worker.ts', saver: 'main/trainer/saver.ts' });
}
