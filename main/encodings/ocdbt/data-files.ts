// Data file tables: google/tensorstore tensorstore/kvstore/ocdbt/index.rst, "Data file table format".
import type { Fields } from '#main/encodings/ocdbt/fields.ts';

/** A file that a manifest or node refers to by its number. */
export interface DataFile {
  /** From the folder of the database on. */
  readonly path: string;
  /** What the paths in a node of this file begin with. */
  readonly base: string;
}

/** The specification's bound for a path, in bytes. */
const PATH_BYTES = 65_535;

/** @param base of the paths: empty in a manifest, that of its own file in a node. */
export function readDataFiles(fields: Fields, base: string): DataFile[] {
  const count = fields.count();
  const prefixes = count > 0 ? [0, ...fields.counts(count - 1)] : [];
  const suffixes = fields.counts(count);
  const bases = fields.counts(count);
  const files: DataFile[] = [];
  let path = '';
  for (let index = 0; index < count; index++) {
    const suffix = Buffer.from(fields.bytes(suffixes[index]!)).toString('latin1');
    if (prefixes[index]! > path.length || bases[index]! > prefixes[index]! + suffix.length) {
      throw fields.fault('has paths that refer to what is not there');
    }
    path = path.slice(0, prefixes[index]) + suffix;
    if (path.length > PATH_BYTES) throw fields.fault('has a path that is too long', `${path.length} bytes`);
    files.push({ path: base + utf8(path), base: base + utf8(path.slice(0, bases[index])) });
  }
  return files;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
