// Writes the licences of everything by others that is inside the bundle.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes `dist/resources/THIRD-PARTY-NOTICES.txt`, one section a package in name order.
 * @param {string} root
 * @param {Iterable<string>} packages names below node_modules
 */
export function writeNotices(root, packages) {
  const sections = [...new Set(packages)].sort().map((name) => section(root, name));
  const text = ['Paramscope contains the following software and data by others.\n', ...sections].join(
    `\n${'='.repeat(80)}\n\n`,
  );
  mkdirSync(join(root, 'dist', 'resources'), { recursive: true });
  writeFileSync(join(root, 'dist', 'resources', 'THIRD-PARTY-NOTICES.txt'), text);
}

/** @param {string} root @param {string} name */
function section(root, name) {
  const folder = join(root, 'node_modules', name);
  const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const licence = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying)(\b|[-_.])/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
    .join('\n\n');
  const source = description.repository?.url ?? description.repository ?? description.homepage ?? '';
  return `${name} ${description.version} (${description.license})\n${source}\n\n${licence || statement(description)}\n`;
}

/**
 * For packages that publish no licence text of their own.
 * @param {{ license?: string, author?: string | { name?: string } }} description
 */
function statement(description) {
  const author =
    typeof description.author === 'string' ? description.author : (description.author?.name ?? 'its authors');
  return `By ${author}, published under the licence ${description.license ?? 'stated at the address above'}.`;
}
