import { resolve } from 'node:path';
import * as z from 'zod/mini';

/** How an instance was started: what it sends to the one that runs already. */
export const LAUNCH = z.object({ argv: z.array(z.string()), cwd: z.string() });
export type Launch = z.infer<typeof LAUNCH>;

/**
 * Files named on the command line, as absolute paths; a path that does not exist is one, too, and opening it says so.
 * @param ownArguments how many at the start are the app's own: its binary and, unpackaged, its folder.
 */
export function launchFiles({ argv, cwd }: Launch, ownArguments: number): string[] {
  const given = argv.slice(ownArguments);
  const end = given.indexOf('--');
  const isSwitch = (text: string, index: number) => text.startsWith('-') && (end < 0 || index <= end);
  return given
    .filter((text, index) => text !== '' && !isSwitch(text, index))
    .map((text) => resolve(cwd, text));
}
