/** The files of a drop. On the desktop a folder is one of them; a browser has to be asked for what is inside. */
import type { Bridge } from '#shared/bridge.ts';

/** More than anybody drops on purpose. */
const MOST_FILES = 2_000;

export interface Drop {
  readonly files: readonly File[];
  /** Some lay in a folder: not each of them need be a checkpoint. */
  readonly isFolder: boolean;
}

/** Must be called before the drop event is over: afterwards the browser has forgotten it. */
export function dropOf(transfer: DataTransfer, host: Bridge['host']): Promise<Drop> {
  const files = [...transfer.files];
  if (host === 'electron') return Promise.resolve({ files, isFolder: false });
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (!entries.some((entry) => entry.isDirectory)) return Promise.resolve({ files, isFolder: false });
  return expand(entries);
}

async function expand(entries: readonly FileSystemEntry[]): Promise<Drop> {
  const files: File[] = [];
  const waiting = [...entries];
  for (let entry = waiting.shift(); entry && files.length < MOST_FILES; entry = waiting.shift()) {
    if (isFile(entry)) files.push(await fileOf(entry));
    else if (isFolder(entry)) waiting.push(...(await childrenOf(entry)));
  }
  return { files, isFolder: true };
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  // it hands out a hundred at a time, and an empty list at the end
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return children;
    children.push(...part);
  }
}

/** A name for the files of one drop, so that they stay siblings wherever they are sent. */
export function newSet(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
