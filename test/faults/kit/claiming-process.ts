/** A process that claims a folder whenever it is told to, and tells how that went. For the races of `writers.test.ts`. */
import { createInterface } from 'node:readline';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import { claimWriter } from '#main/bytes/writer-claim.ts';
import { isAppError } from '#shared/errors.ts';

const folder = process.argv[2]!;
/** Whether to tell why it was refused. */
const isTelling = process.argv[3] === 'tell';
/** What only one may make at a time: an oracle that knows nothing of claims. */
const witness = join(folder, 'witness');

async function race(hold: number): Promise<string> {
  const began = performance.now();
  try {
    const claim = await claimWriter(folder);
    closeSync(openSync(witness, 'wx'));
    await new Promise((resolve) => setTimeout(resolve, hold));
    unlinkSync(witness);
    claim.release();
    return 'won';
  } catch (error) {
    if (!isAppError(error)) return `broken ${String(error)}`;
    if (isTelling) return `${error.message} ${error.fields.hint ?? ''}`;
    return performance.now() - began < 1000 ? 'refused' : 'refused late';
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  void race(Number(line)).then((outcome) => process.stdout.write(`${outcome}\n`));
});
process.stdout.write('ready\n');
