/** The figures of a checkpoint for the status bar: `4 tensors`, `7,946 parameters`, `31.0 KiB`, `f32`. */
import type { Totals } from '#shared/checkpoint.ts';
import { formatBytes, formatCount } from '#shared/display.ts';

/** More kinds than this are counted, not named. */
const MOST_DTYPES = 4;

export function totalsLine({ tensors, parameters, bytes, dtypes }: Totals): string[] {
  return [
    counted(tensors, 'tensor'),
    counted(parameters, 'parameter'),
    formatBytes(bytes),
    ...(tensors > 0 ? [dtypeText(dtypes)] : []),
  ];
}

/** `1 tensor`, `4 tensors`. */
export function counted(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`;
}

function dtypeText(dtypes: Totals['dtypes']): string {
  const entries = Object.entries(dtypes).sort(([, a], [, b]) => b - a);
  if (entries.length === 1) return entries[0]?.[0] ?? '';
  const named = entries.slice(0, MOST_DTYPES).map(([dtype, count]) => `${dtype} ×${formatCount(count)}`);
  const rest = entries.length - named.length;
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
