import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { folderAt, type Folder } from '#main/bytes/folder.ts';

/** A run's folder as it is read and as it is written: two views of one place. */
export interface RunPlace {
  readonly path: string;
  readonly read: Folder;
  readonly system: FileSystem;
}

export function runPlace(path: string): RunPlace {
  return { path, read: folderAt(path), system: nodeFileSystem };
}
