import { basename } from 'node:path';

import { createCheckpoints } from '#main/services/checkpoints.ts';
import { heldLayers, widthsOf } from '#main/services/reproduction/held-network.ts';
import { readValues } from '#main/services/reproduction/read-values.ts';
import { sha256Of } from '#main/trainer/checkpoint-content.ts';
import type { StartParameters } from '#main/trainer/messages.ts';
import { bytesOf } from '#main/trainer/values.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/**
 * Reads the parameters that a configuration starts from, whatever their dtype as f32; undefined where it names no file.
 * @param allow says whether a path is one that the person has chosen; it throws if not.
 * @throws AppError `invalid-params` where the file holds no MLP of the configuration's widths, and as opening and reading do.
 */
export async function readStartParameters(
  { startFrom, layers: widths }: RunConfig,
  allow: (path: string) => string,
): Promise<StartParameters | undefined> {
  if (startFrom === undefined) return undefined;
  const path = allow(startFrom);
  const checkpoints = createCheckpoints({ pathOf: () => path, nameOf: () => basename(path) });
  try {
    const open = await checkpoints.open(path);
    const layers = heldLayers(open.summary);
    const found = widthsOf(layers);
    if (found.join() !== widths.join()) {
      throw new AppError('invalid-params', 'the file holds a network of other widths', {
        file: basename(path),
        expected: widths.join(' → '),
        found: found.join(' → '),
        hint: 'give the run the widths of the file',
      });
    }
    const parts: Float32Array[] = [];
    for (const { weight, bias, inputs, outputs, isTransposed } of layers) {
      const values = Float32Array.from(await readValues(open, weight));
      parts.push(isTransposed ? transposed(values, inputs, outputs) : values);
      parts.push(
        bias === undefined ? new Float32Array(outputs) : Float32Array.from(await readValues(open, bias)),
      );
    }
    const values = joined(parts);
    return { values, sha256: sha256Of(bytesOf(values)) };
  } finally {
    await checkpoints.close();
  }
}

/** From inputs x outputs to outputs x inputs. */
function transposed(values: Float32Array, inputs: number, outputs: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) {
      turned[output * inputs + input] = values[input * outputs + output]!;
    }
  }
  return turned;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}
