/** What the proof of a restore says in words, for the screen and for those it is sent to. */
import type { Verdict } from '#renderer/ui/verdict.ts';
import { classesText } from '#renderer/views/train/run-text.ts';
import { escapeName, formatCount as count, formatFull, formatShape } from '#shared/display.ts';
import type { RestoreReport, RestoreTensorRow } from '#shared/run.ts';

/** What our checkpoints put before the names of the optimizer's tensors. */
const OPTIMIZER_PREFIX = 'optimizer.';

/** The sentence over the report and how it was come by. */
export function restoreVerdict(report: RestoreReport): Verdict {
  const equal = report.tensors.filter((row) => row.state === 'identical').length;
  const of = `${count(equal)} of ${tensors(report.tensors.length)}`;
  const isIdentical = report.verdict === 'identical';
  const first = isIdentical ? `Identical: ${of}, every bit.` : `Different: ${of} equal bit for bit.`;
  return {
    tone: isIdentical ? 'good' : 'bad',
    sentence: [first, outputsSentence(report)].join(' '),
    details: [
      ...partsSentence(report),
      ...classesSentence(report),
      comparedSentence(report),
      stepsSentence(report),
      digestSentence(report),
    ],
  };
}

/** A checkpoint that training can go on from holds more than the network; which, is said. */
function partsSentence({ tensors: rows }: RestoreReport): string[] {
  const slots = rows.filter((row) => row.name.startsWith(OPTIMIZER_PREFIX)).length;
  if (slots === 0 || slots === rows.length) return [];
  return [`${tensors(rows.length - slots)} of the network, ${count(slots)} of the optimizer’s state.`];
}

/** What the outputs stand for, where the data named it. */
function classesSentence({ classes }: RestoreReport): string[] {
  return classes ? [`Outputs stand for ${classesText(classes)}.`] : [];
}

export function outputsSentence({ probe, tensors: rows }: RestoreReport): string {
  if (!probe) {
    const isRead = rows.some((row) => row.cloneSha256 !== undefined);
    return isRead
      ? 'Outputs not compared: none of the original were recorded.'
      : 'Outputs not compared: no network could be rebuilt from the file.';
  }
  const cells = probe.shape[0] * probe.shape[1];
  return `Outputs equal: ${count(cells - unequalCells(probe))} of ${count(cells)}.`;
}

export function comparedSentence({ comparedWith, step }: RestoreReport): string {
  return comparedWith === 'memory'
    ? `Compared byte for byte with the original, which stands in memory at step ${count(step)}.`
    : `Compared with SHA-256 digests taken from training memory at step ${count(step)}, before anything was serialized.`;
}

export function stepsSentence({ steps }: RestoreReport): string {
  const { rows, isEqual, firstDifferent, note } = steps;
  if (rows.length === 0) return `No further steps compared${note ? `: ${note}` : ''}.`;
  const trained = `Trained on from the clone: ${count(rows.length)} further ${rows.length === 1 ? 'step' : 'steps'}`;
  if (isEqual) return `${trained}, each loss equal to the log.`;
  return `${trained}; the loss leaves the log${firstDifferent === undefined ? '' : ` at step ${count(firstDifferent)}`}.`;
}

export function digestSentence({ digest, file }: RestoreReport): string {
  const name = escapeName(file);
  if (digest.recorded === undefined) return `${name}: no digest was recorded when it was written.`;
  return digest.isEqual
    ? `${name} has the SHA-256 it was written with.`
    : `${name} has changed since it was written: its SHA-256 is another.`;
}

/** The whole report as text that can be pasted into a message. */
export function reportText(report: RestoreReport): string {
  const { sentence, details } = restoreVerdict(report);
  const lines = [
    `Restore of ${escapeName(report.name)}, step ${report.step}`,
    sentence,
    ...details,
    '',
    `file      ${escapeName(report.file)} (${count(report.byteLength)} bytes)`,
    `sha256    ${report.digest.found}`,
    ...(report.digest.recorded && !report.digest.isEqual ? [`recorded  ${report.digest.recorded}`] : []),
    '',
    'tensors',
    ...report.tensors.map(tensorLine),
  ];
  if (report.probe) {
    lines.push(
      '',
      `outputs ${formatShape(report.probe.shape)}, largest difference ${formatFull(report.probe.maxAbs)}`,
    );
  }
  if (report.steps.rows.length > 0) {
    lines.push('', 'step  logged loss  clone');
    for (const row of report.steps.rows)
      lines.push(`${row.step}  ${formatFull(row.logged)}  ${formatFull(row.clone)}`);
  }
  for (const problem of report.problems) lines.push('', `${problem.code}: ${problem.message}`);
  return `${lines.join('\n')}\n`;
}

function tensorLine(row: RestoreTensorRow): string {
  const digest = row.cloneSha256 ?? row.sha256 ?? '';
  return `${row.state}  ${escapeName(row.name)}  ${row.dtype} ${formatShape(row.shape)}  ${digest}`.trimEnd();
}

function unequalCells(probe: NonNullable<RestoreReport['probe']>): number {
  if (probe.isEqual) return 0;
  let unequal = 0;
  for (const [row, values] of probe.original.entries()) {
    for (const [column, value] of values.entries()) {
      if (!Object.is(value, probe.clone[row]?.[column])) unequal++;
    }
  }
  // other bits of a NaN are the same number here, and yet the engine saw them
  return Math.max(1, unequal);
}

function tensors(value: number): string {
  return `${count(value)} ${value === 1 ? 'tensor' : 'tensors'}`;
}
