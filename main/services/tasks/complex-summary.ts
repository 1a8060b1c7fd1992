import { decode } from '#main/kernels/decode.ts';
import { deviationOf, emptyMoments, mergeMoments, windowMoments } from '#main/kernels/moments.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';
import type { TensorReader } from '#main/formats/read.ts';
import type { Summary } from '#shared/statistics.ts';

/** A complex value counts as NaN or infinite when one of its parts is; the parts of the rest have moments of their own. */
export async function complexSummary(
  reader: TensorReader,
  dtype: string,
  onWindow: (bytes: Uint8Array) => void,
  pass: Pass,
): Promise<Summary> {
  const real = emptyMoments();
  const imaginary = emptyMoments();
  const counts = { count: 0, nan: 0, positiveInfinity: 0, negativeInfinity: 0, zeros: 0, denormals: 0 };
  for await (const { bytes } of windowsOf(reader, pass)) {
    onWindow(bytes);
    const parts = decode(dtype, bytes);
    const re = new Float64Array(parts.length / 2);
    const im = new Float64Array(parts.length / 2);
    let finite = 0;
    for (let i = 0; i < parts.length; i += 2) {
      const a = parts[i]!;
      const b = parts[i + 1]!;
      counts.count++;
      if (Number.isNaN(a) || Number.isNaN(b)) counts.nan++;
      else if (a === Infinity || b === Infinity) counts.positiveInfinity++;
      else if (a === -Infinity || b === -Infinity) counts.negativeInfinity++;
      else {
        if (a === 0 && b === 0) counts.zeros++;
        re[finite] = a;
        im[finite++] = b;
      }
    }
    mergeMoments(real, windowMoments(re.subarray(0, finite), 'f64'));
    mergeMoments(imaginary, windowMoments(im.subarray(0, finite), 'f64'));
  }
  const re = deviationOf(real);
  const im = deviationOf(imaginary);
  const figures =
    re && im
      ? { mean: [re.mean, im.mean] as const, std: Math.hypot(re.std, im.std), l2: Math.hypot(re.l2, im.l2) }
      : {};
  return { ...counts, ...figures, quantiles: {}, exact: true };
}
