/** Opens the file that it is given, three times over, and prints the best's processor time and the most memory the process had. */
import { fileSource } from '#main/bytes/file-source.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { describeCheckpoint } from '#main/services/description.ts';
import { peakBytes } from '#test/kit/peak-bytes.ts';

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

void main(process.argv[2]!);
