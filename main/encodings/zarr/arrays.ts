import type { ZarrStore } from '#main/encodings/zarr/store.ts';

/** An array that a store has, by its keys alone. */
export interface FoundArray {
  /** Without a slash at its end; empty for an array that is the whole store. */
  readonly path: string;
  readonly version: 2 | 3;
  /** Keys below it, without the path: chunks and whatever else there is. */
  readonly chunkKeys: string[];
}

const METADATA: readonly { readonly name: string; readonly version: 2 | 3 }[] = [
  { name: '.zarray', version: 2 },
  { name: 'zarr.json', version: 3 },
];

/** Whether a key is that of an array's or group's own description. */
export function isMetadataKey(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return ['.zarray', '.zattrs', '.zgroup', '.zmetadata', 'zarr.json'].includes(name);
}

/** Arrays by path, in the order of the keys; every other key belongs to the innermost one that it lies in. A zarr.json may turn out to be a group's. */
export function findArrays({ keys }: ZarrStore): Map<string, FoundArray> {
  const arrays = new Map<string, FoundArray>();
  for (const key of keys) {
    for (const { name, version } of METADATA) {
      if (key !== name && !key.endsWith(`/${name}`)) continue;
      const path = key.slice(0, Math.max(0, key.length - name.length - 1));
      if (!arrays.has(path) || version === 2) arrays.set(path, { path, version, chunkKeys: [] });
    }
  }
  for (const key of keys) {
    if (isMetadataKey(key)) continue;
    for (let end = key.lastIndexOf('/'); ; end = key.lastIndexOf('/', end - 1)) {
      const owner = arrays.get(key.slice(0, Math.max(0, end)));
      if (owner) owner.chunkKeys.push(key.slice(end + 1));
      if (owner || end <= 0) break;
    }
  }
  return arrays;
}
