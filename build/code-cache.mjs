// Keeps what V8 makes of the command line's bundle, so that a start need not make it again. Run by the build, in a process of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

const [path, sample] = process.argv.slice(2);
if (!path || !sample) throw new Error('usage: node build/code-cache.mjs BUNDLE FILE-TO-LIST');
const script = new Script(
  `(function (exports, require, module, __filename, __dirname) { ${readFileSync(path, 'utf8')}\n})`,
  { filename: path },
);
// functions that a listing calls belong into the cache, too
process.argv.splice(1, process.argv.length, join(dirname(path), 'paramscope.cjs'), 'ls', sample);
process.stdout.write = () => true;
process.on('exit', () => writeFileSync(path.replace(/\.cjs$/, '.cache'), script.createCachedData()));
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
