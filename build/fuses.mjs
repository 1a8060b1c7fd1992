// Reads the fuses of an Electron binary: switches that are burnt in after it was compiled.
import { readFileSync } from 'node:fs';

/** Marks the place in the binary; the same in every Electron. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** Fuses of version 1 in the order in which they stand. */
export const FUSES = /** @type {const} */ ([
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
]);

/** @typedef {(typeof FUSES)[number]} Fuse */

/**
 * @param {string} binary path of the executable
 * @returns {Map<Fuse, boolean>} the fuses that this generation has, in their order; whether each is on
 */
export function readFuses(binary) {
  const bytes = readFileSync(binary);
  const found = bytes.indexOf(SENTINEL);
  if (found < 0) throw new Error(`${binary} has no fuses: it is no Electron`);
  const start = found + SENTINEL.length;
  const [version = 0, count = 0] = bytes.subarray(start, start + 2);
  if (version !== 1) throw new Error(`${binary} has fuses of version ${version}, not 1`);
  const wire = bytes.subarray(start + 2, start + 2 + count).toString('latin1');
  return new Map(FUSES.slice(0, count).map((fuse, index) => [fuse, wire[index] === '1']));
}
