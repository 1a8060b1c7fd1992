/** Makes one pass over all of a file with as many compute threads as a machine may have, and prints the most memory that the process had, in bytes. */
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { dirname } from 'node:path';

import { createEngine } from '#main/engine.ts';

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

/** `resourceUsage` would begin with what the process had that started this one. */
function peakBytes(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return 1024 * (kibibytes ? Number(kibibytes) : process.resourceUsage().maxRSS);
}

void main(process.argv[2]!, process.argv[3]!);
