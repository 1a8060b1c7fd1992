/** Opens the file that it is given, three times over, and prints the best's processor time and the most memory the process had. */
import { readFileSync } from 'node:fs';

import { fileSource } from '#main/bytes/file-source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { describeCheckpoint } from '#main/services/description.ts';

async function main(path: string): Promise<void> {
  let milliseconds = Infinity;
  let tensors = 0;
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    const source = await fileSource(path);
    const checkpoint = await openCheckpoint(await fileInput(source));
    tensors = describeCheckpoint('f', checkpoint).tensors.length;
    // other programs on the machine make the clock run on, not this
    const { user, system } = process.cpuUsage(before);
    milliseconds = Math.min(milliseconds, (user + system) / 1000);
    await source.close();
  }
  process.stdout.write(JSON.stringify({ milliseconds, peakBytes: peakBytes(), tensors }));
}

/** Linux counts in `maxRSS` what the process had that started this one; proc(5): `VmHWM` is of this program alone. */
function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}

void main(process.argv[2]!);
