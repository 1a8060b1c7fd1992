import { HDF5_DEPTH, HDF5_LINKS, HDF5_PATH_CHARACTERS } from '#main/bytes/limits.ts';
import type { DatasetContent } from '#main/encodings/hdf5/dataset.ts';
import type { Hdf5Link } from '#main/encodings/hdf5/links.ts';
import { linkResolver } from '#main/encodings/hdf5/link-resolver.ts';
import type { Hdf5Object, Hdf5Objects } from '#main/encodings/hdf5/objects.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** An object's attributes by name, in the order of the file. */
export type Attributes = ReadonlyMap<string, MetadataValue>;

export interface Hdf5Group {
  /** Names from the root joined by slashes; '' for the root. */
  readonly path: string;
  readonly attributes: Attributes;
}

export interface Hdf5Dataset {
  readonly path: string;
  readonly attributes: Attributes;
  /** The same object for all paths of one dataset. */
  readonly content: DatasetContent;
}

/** Everything in a file, each group before what is in it. */
export interface Hdf5Tree {
  readonly groups: readonly Hdf5Group[];
  readonly datasets: readonly Hdf5Dataset[];
  readonly problems: readonly Problem[];
}

/** A group on the way from the root to where the walk is. */
interface Frame {
  readonly address: number;
  readonly path: string;
  readonly depth: number;
  readonly parent: Frame | undefined;
}

/**
 * Walks from the root over hard and soft links. A damaged object is a problem, the others are read.
 * A group that is met inside itself is not entered again.
 * @throws AppError for a damaged root.
 */
export async function readTree(objects: Hdf5Objects, root: number): Promise<Hdf5Tree> {
  const groups: Hdf5Group[] = [];
  const datasets: Hdf5Dataset[] = [];
  const problems: Problem[] = [];
  const resolve = linkResolver(objects, root);
  let rows = 0;
  let characters = 0;

  const rootObject = await objects.at(root);
  if (rootObject.kind !== 'group') {
    throw new AppError('corrupt', 'the root of the file is no group', { offset: root });
  }
  const rootFrame: Frame = { address: root, path: '', depth: 0, parent: undefined };
  const pending: { readonly frame: Frame; readonly link: Hdf5Link }[] = [];

  const enter = async (frame: Frame, object: Extract<Hdf5Object, { kind: 'group' }>): Promise<void> => {
    groups.push({ path: frame.path, attributes: await take(frame.path, object) });
    const links = await object.links();
    for (const link of [...links].reverse()) pending.push({ frame, link });
  };

  /** Attributes of an object, its problems being told with the path. */
  const take = async (path: string, object: Hdf5Object): Promise<Attributes> => {
    const { attributes, problems: found } = await object.attributes();
    problems.push(...found.map((problem) => ({ ...problem, message: `${at(path)}${problem.message}` })));
    return attributes;
  };

  const visit = async (frame: Frame, link: Hdf5Link): Promise<void> => {
    const path = frame.path === '' ? link.name : `${frame.path}/${link.name}`;
    characters += path.length;
    if (++rows > HDF5_LINKS || characters > HDF5_PATH_CHARACTERS) {
      throw new AppError('limit', 'the file has more paths than are read', {
        expected: `at most ${HDF5_LINKS} of ${HDF5_PATH_CHARACTERS} characters in all`,
      });
    }
    const target = await resolve(frame.address, link);
    if (target.kind === 'nowhere') {
      problems.push({ code: target.code, message: `${path} ${target.message}` });
      return;
    }
    const object = await objects.at(target.address);
    if (object.kind === 'group') {
      if (isInside(frame, target.address)) {
        problems.push({
          code: 'link-cycle',
          message: `${path} is a group that it is in itself; it is listed once`,
        });
      } else if (frame.depth >= HDF5_DEPTH) {
        problems.push({ code: 'limit', message: `${at(path)}groups are nested deeper than ${HDF5_DEPTH}` });
      } else {
        await enter({ address: target.address, path, depth: frame.depth + 1, parent: frame }, object);
      }
    } else if (object.kind === 'dataset') {
      const attributes = await take(path, object);
      const content = await object.content();
      if (content.kind === 'other')
        problems.push({ ...content.problem, message: `${at(path)}${content.problem.message}` });
      else if (content.problem) problems.push({ ...content.problem, tensor: path });
      datasets.push({ path, attributes, content });
    }
  };

  await enter(rootFrame, rootObject);
  while (pending.length > 0) {
    const { frame, link } = pending.pop()!;
    try {
      await visit(frame, link);
    } catch (error) {
      if (
        !isAppError(error) ||
        error.code === 'io' ||
        error.code === 'cancelled' ||
        error.code === 'internal'
      )
        throw error;
      const { offset } = error.fields;
      const path = frame.path === '' ? link.name : `${frame.path}/${link.name}`;
      problems.push({
        code: error.code,
        message: `${at(path)}${error.message}`,
        ...(offset === undefined ? {} : { offset }),
      });
      // what remains would end the same way
      if (error.code === 'limit') break;
    }
  }
  return { groups, datasets, problems };
}

function at(path: string): string {
  return path === '' ? '' : `${path}: `;
}

function isInside(frame: Frame, address: number): boolean {
  for (let above: Frame | undefined = frame; above; above = above.parent) {
    if (above.address === address) return true;
  }
  return false;
}
