import { FORMATS } from '#main/formats/registry.ts';
import type { FormatDescription } from '#shared/commands/file.ts';

/** What opens, for dialogs, help and the README. */
export function listFormats(): readonly FormatDescription[] {
  return FORMATS.map(({ name, title, reads, extensions }) => ({ name, title, reads, extensions }));
}
