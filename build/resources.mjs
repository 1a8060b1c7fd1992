// Fills dist/resources: what the app needs beside its code to work at first launch.
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Steps of the sample checkpoint: enough for weights that have visibly learnt. */
const SAMPLE_STEPS = 200;

/** @param {string} root */
export async function makeResources(root) {
  const resources = join(root, 'dist', 'resources');
  mkdirSync(resources, { recursive: true });
  const icon = join(root, 'build', 'resources', 'icon.png');
  if (existsSync(icon)) copyFileSync(icon, join(resources, 'icon.png'));
  if (existsSync(join(root, 'build', 'mnist.mjs')))
    await run(process.execPath, [join(root, 'build', 'mnist.mjs')], { cwd: root });
  if (existsSync(join(root, 'dist', 'paramscope.cjs')))
    await makeSample(root, join(resources, 'sample.safetensors'));
}

/**
 * Lets our own trainer make the sample checkpoint, with the default settings.
 * @param {string} root
 * @param {string} target
 */
async function makeSample(root, target) {
  const folder = mkdtempSync(join(tmpdir(), 'paramscope-sample-'));
  try {
    const arguments_ = [
      join(root, 'dist', 'paramscope.cjs'),
      'train',
      '--quiet',
      '--steps',
      String(SAMPLE_STEPS),
      '--out',
      join(folder, 'run'),
    ];
    await run(process.execPath, arguments_, { cwd: folder });
    const newest = readdirSync(join(folder, 'run'))
      .filter((name) => /^step-\d+\.safetensors$/.test(name))
      .sort()
      .at(-1);
    if (!newest) throw new Error('the trainer left no checkpoint for the sample');
    copyFileSync(join(folder, 'run', newest), `${target}.part`);
    renameSync(`${target}.part`, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
