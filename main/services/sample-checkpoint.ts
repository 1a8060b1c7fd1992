import { join } from 'node:path';

import type { Files } from '#main/services/files.ts';
import type { PickedFile } from '#shared/bridge.ts';

/** The checkpoint that our own trainer made when the app was built, as a file the page may open. */
export function sampleCheckpoint(files: Files, resourceFolder: string): PickedFile {
  return files.grant(join(resourceFolder, 'sample.safetensors'));
}
