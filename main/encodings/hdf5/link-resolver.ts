import { HDF5_LINK_HOPS } from '#main/bytes/limits.ts';
import type { Hdf5Link } from '#main/encodings/hdf5/links.ts';
import type { Hdf5Objects } from '#main/encodings/hdf5/objects.ts';

/** Where a link leads. */
export type Destination =
  | { readonly kind: 'object'; readonly address: number }
  /** The message completes a sentence that begins with the link's path. */
  | { readonly kind: 'nowhere'; readonly code: string; readonly message: string };

/** @returns what follows a link that the group at an address holds; soft links are followed within the file, others are not. */
export function linkResolver(
  objects: Hdf5Objects,
  root: number,
): (group: number, link: Hdf5Link) => Promise<Destination> {
  async function follow(group: number, { target }: Hdf5Link, hops: number): Promise<Destination> {
    switch (target.kind) {
      case 'hard':
        return { kind: 'object', address: target.address };
      case 'soft':
        if (hops >= HDF5_LINK_HOPS)
          return nowhere('dangling-link', 'is a link that leads to links without end');
        return walk(group, target.path, hops + 1);
      case 'external':
        return nowhere(
          'external-link',
          `leads to ${target.path} in the file ${target.file}, which is not opened`,
        );
      case 'user-defined':
        return nowhere(
          'unsupported',
          `is a link of a kind of its own (${target.type}), which is not followed`,
        );
    }
  }

  async function walk(group: number, path: string, hops: number): Promise<Destination> {
    let address = path.startsWith('/') ? root : group;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      const object = await objects.at(address);
      const link = object.kind === 'group' ? await object.link(name) : undefined;
      if (!link) return nowhere('dangling-link', `is a link to ${path}, where nothing is`);
      const next = await follow(address, link, hops);
      if (next.kind === 'nowhere') return next;
      address = next.address;
    }
    return { kind: 'object', address };
  }

  return (group, link) => follow(group, link, 0);
}

function nowhere(code: string, message: string): Destination {
  return { kind: 'nowhere', code, message };
}
