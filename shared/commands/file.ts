import * as z from 'zod/mini';

import type { FileId, PickedFile } from '#shared/bridge.ts';
import { command } from '#shared/commands/command.ts';

export interface RecentFile extends PickedFile {
  /** Base name of the folder it lies in, to tell files of one name apart. */
  readonly folder: string;
  /** Whether it is still there. */
  readonly isPresent: boolean;
}

export interface ListedFile extends PickedFile {
  readonly isFolder: boolean;
  readonly byteLength: number;
}

export interface FolderListing {
  readonly name: string;
  /** Absent at a root, and for what lies below none. */
  readonly parent?: FileId;
  readonly entries: readonly ListedFile[];
}

/** What the host asks the page to do. */
export type AppEvent =
  | { readonly kind: 'open'; readonly files: readonly PickedFile[] }
  | { readonly kind: 'menu'; readonly action: MenuAction };

export type MenuAction =
  'open-files' | 'open-folder' | 'palette' | 'browse' | 'compare' | 'train' | 'close-checkpoint' | 'save-as';

export interface FormatDescription {
  readonly name: string;
  readonly title: string;
  readonly reads: string;
  readonly extensions: readonly string[];
}

export const FILE_COMMANDS = {
  /** Files opened lately, newest first. */
  'file.recent': command<readonly RecentFile[]>()({ params: z.strictObject({}) }),
  'file.forget': command<void>()({ params: z.strictObject({ file: z.string() }) }),
  /** Folders that `serve` was started with; empty on the desktop. */
  'file.roots': command<readonly PickedFile[]>()({ params: z.strictObject({}) }),
  'file.list': command<FolderListing>()({ params: z.strictObject({ folder: z.string() }) }),
  /** The checkpoint that our own trainer made when the app was built. */
  'file.sample': command<PickedFile>()({ params: z.strictObject({}) }),
  'format.list': command<readonly FormatDescription[]>()({ params: z.strictObject({}) }),
  /** Runs until cancelled; every event is a progress. */
  'app.watch': command<void, AppEvent>()({ params: z.strictObject({}) }),
} as const;
