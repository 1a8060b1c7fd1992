/** What a host offers the page. Files come back as ids; the page never names a path. */

/** An opaque name for a file or folder that the person has chosen: by dialog, drop, argument or listing. */
export type FileId = string;

export interface PickOptions {
  /** `files` and `folder` are for opening; `save` asks for a new file's name, `new-folder` for a folder to write to. */
  readonly mode: 'files' | 'folder' | 'save' | 'new-folder';
  readonly title: string;
  /** For `save`: the name offered. */
  readonly suggestedName?: string;
}

export interface PickedFile {
  readonly file: FileId;
  /** Base name, for the screen. */
  readonly name: string;
}

/**
 * On the desktop the preload puts this on `window.paramscope`; in the browser form the client makes one over HTTP.
 * The engine's port arrives as a `message` event with data `PORT_MESSAGE` and the port in `ports[0]`, after `requestPort`.
 */
export interface Bridge {
  readonly host: 'electron' | 'web';
  requestPort(): void;
  /**
   * A dropped file becomes an id; undefined where it has no place on disk and cannot be sent.
   * Files of one drop have one `set` (letters, digits, hyphens), so that those sent somewhere else stay siblings.
   */
  openDropped(file: File, set?: string): Promise<PickedFile | undefined>;
  pickFiles(options: PickOptions): Promise<readonly PickedFile[]>;
}

export const PORT_MESSAGE = 'paramscope:port';
