// Compiles AssemblyScript to WebAssembly where it is imported: `import { base64 } from '#main/kernels/assembly/analysis.ts?wasm'`.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'assembly');
const { version } = JSON.parse(
  readFileSync(join(root, 'node_modules', 'assemblyscript', 'package.json'), 'utf8'),
);

/** Strict SIMD alone: relaxed instructions give other bits on other machines. */
const OPTIONS = ['-O3', '--noAssert', '--converge', '--runtime', 'stub', '--enable', 'simd'];

/** What single entries need besides, by their name. @type {Readonly<Record<string, readonly string[]>>} */
const ENTRY_OPTIONS = {
  // several threads work on one memory, which their starter makes: up to all that 32 bits address
  training: [
    ...['--enable', 'threads', '--importMemory', '--sharedMemory'],
    ...['--initialMemory', '16', '--maximumMemory', '65536'],
  ],
};

/** Modules that are being made or were made in this process, by entry. @type {Map<string, Promise<Buffer>>} */
const modules = new Map();

/** A module that exports the bytes of the compiled entry as `base64`. @returns {import('vite').Plugin} */
export function assembly() {
  return {
    name: 'paramscope:assembly',
    enforce: 'pre',
    load: {
      filter: { id: /\.ts\?wasm$/ },
      async handler(id) {
        const entry = id.slice(0, -'?wasm'.length);
        for (const path of sourcesOf(dirname(entry))) this.addWatchFile(path);
        const wasm = await compiled(entry);
        return { code: `export const base64 = '${wasm.toString('base64')}';`, map: null, moduleType: 'js' };
      },
    },
  };
}

/**
 * The entry's module, from the disk where its sources and the compiler are still the same.
 * @param {string} entry absolute path
 * @returns {Promise<Buffer>}
 */
export function compiled(entry) {
  const options = [...OPTIONS, ...(ENTRY_OPTIONS[basename(entry, '.ts')] ?? [])];
  const key = digest(entry, options);
  const known = modules.get(key) ?? fromCache(entry, key, options);
  modules.set(key, known);
  return known;
}

/** @param {string} entry @param {string} key @param {readonly string[]} options */
async function fromCache(entry, key, options) {
  const path = join(cache, `${basename(entry, '.ts')}-${key.slice(0, 32)}.wasm`);
  if (existsSync(path)) return readFileSync(path);
  const wasm = await compile(entry, options);
  mkdirSync(cache, { recursive: true });
  // several processes may build at once: each puts a whole file in place
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, wasm);
  renameSync(temporary, path);
  return wasm;
}

/** @param {string} entry @param {readonly string[]} options @returns {Promise<Buffer>} */
async function compile(entry, options) {
  const { default: asc } = await import('assemblyscript/asc');
  /** @type {Uint8Array | undefined} */
  let wasm;
  const parameters = [relative(root, entry), ...options, '--baseDir', root, '--outFile', 'out.wasm'];
  let said = '';
  const { error } = await asc.main(parameters, {
    readFile: (name) => readSource(join(root, name)),
    listFiles: () => [],
    writeFile: (_name, contents) => {
      wasm = /** @type {Uint8Array} */ (contents);
    },
    stderr: {
      write: (text) => {
        said += String(text);
      },
    },
  });
  if (error || !wasm) throw new Error(`${relative(root, entry)}\n${said || String(error)}`);
  return Buffer.from(wasm);
}

/** @param {string} path */
function readSource(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** @param {string} entry @param {readonly string[]} options */
function digest(entry, options) {
  const hash = createHash('sha256').update(JSON.stringify([version, options, basename(entry)]));
  for (const path of sourcesOf(dirname(entry)))
    hash.update(`\0${basename(path)}\0`).update(readFileSync(path));
  return hash.digest('hex');
}

/** @param {string} folder */
function sourcesOf(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(folder, name));
}
