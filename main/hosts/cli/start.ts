/**
 * Starts the command line from its bundle, with what V8 made of it when it was built: reading code takes longer than
 * listing a small file. Another V8 than the one of the build refuses the cache, and reads the code.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

type Wrapped = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

const path = join(__dirname, 'command-line.cjs');
const cache = join(__dirname, 'command-line.cache');
const script = new Script(
  // as Node wraps a CommonJS module
  `(function (exports, require, module, __filename, __dirname) { ${readFileSync(path, 'utf8')}\n})`,
  { filename: path, ...(existsSync(cache) ? { cachedData: readFileSync(cache) } : {}) },
);
const module = { exports: {} };
const run = script.runInThisContext() as Wrapped;
run(module.exports, createRequire(path), module, path, __dirname);
