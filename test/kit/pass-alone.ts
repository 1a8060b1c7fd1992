/** Makes one pass over all of a file with as many compute threads as a machine may have, and prints the most memory that the process had, in bytes. */
import os from 'node:os';
import { dirname } from 'node:path';

import { createEngine } from '#main/engine.ts';
import { peakBytes } from '#test/kit/peak-bytes.ts';

// before the engine asks for them
const processor = os.cpus()[0]!;
os.cpus = () => new Array<os.CpuInfo>(8).fill(processor);

async function main(command: string, path: string): Promise<void> {
  const threadFolder = dirname(process.argv[1]!);
  const engine = await createEngine({ resourceFolder: threadFolder, threadFolder });
  const { file } = engine.grant(path);
  const { signal } = new AbortController();
  const answer = await engine.answer(command, { file }, { signal, progress: () => {} });
  process.stdout.write(JSON.stringify({ answer, peakBytes: peakBytes() }));
  await engine.close();
}

void main(process.argv[2]!, process.argv[3]!);
