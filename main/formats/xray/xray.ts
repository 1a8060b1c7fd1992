import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { newFindings } from '#main/formats/xray/findings.ts';
import { judgeName } from '#main/formats/xray/import-verdict.ts';
import { walkStream } from '#main/formats/xray/streams.ts';
import { weightsOnlyOf } from '#main/formats/xray/weights-only.ts';
import type { Xray, XrayImport } from '#shared/xray.ts';

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
  /** What opening the file gave, where it opens. */
  readonly checkpoint: Checkpoint | undefined;
}

/**
 * Lists everything in a file that loading it would import, call or run as code.
 * @param sources the file itself first, then those that belong to the same checkpoint.
 */
export async function scanCode(
  sources: readonly ByteSource[],
  { signal, checkpoint }: ScanOptions,
): Promise<Xray> {
  const findings = newFindings();
  for (const [index, source] of sources.entries()) {
    const isSearched = checkpoint === undefined && index === 0;
    await walkStream(source, source.name, findings, { signal, isSearched });
  }
  for (const { stream, ...imported } of checkpoint?.imports ?? []) findings.addImports([imported], stream);
  for (const part of checkpoint?.code ?? []) findings.addPart(part);
  const main = sources[0];
  return {
    imports: findings.imports.map(judged),
    calls: findings.calls,
    parts: findings.parts,
    complete: findings.isComplete(),
    problems: findings.problems,
    weightsOnly: main
      ? await weightsOnlyOf(main, findings.pickles, checkpoint?.problems)
      : { accepted: false, reason: 'it is a folder, and torch.load reads files' },
  };
}

function judged(imported: Omit<XrayImport, 'verdict' | 'reason'>): XrayImport {
  return { ...imported, ...judgeName(imported.module, imported.name) };
}
