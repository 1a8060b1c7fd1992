import { nodeFileSystem, type FileSystem } from '#main/bytes/file-system.ts';
import { folderAt, type Folder } from '#main/bytes/folder.ts';
import { claimWriter, findWriter, type Writer, type WriterClaim } from '#main/bytes/writer-claim.ts';

/** A run's folder as it is read, as it is written, and as the right to write in it: views of one place. */
export interface RunPlace {
  readonly path: string;
  readonly read: Folder;
  readonly system: FileSystem;
  /** @throws AppError `io` where another process trains here. */
  claim(): Promise<WriterClaim>;
  /** The process that trains here, this one too. */
  writer(): Promise<Writer | undefined>;
}

export function runPlace(path: string): RunPlace {
  return {
    path,
    read: folderAt(path),
    system: nodeFileSystem,
    claim: () => claimWriter(path),
    writer: () => findWriter(path),
  };
}
