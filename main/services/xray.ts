import { dirname } from 'node:path';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderAt } from '#main/bytes/folder.ts';
import { XRAY_PART_BYTES } from '#main/bytes/limits.ts';
import { kindOfPath } from '#main/bytes/small-file.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Checkpoint, CodePart } from '#main/formats/contract.ts';
import type { Checkpoints } from '#main/services/checkpoints.ts';
import type { Files } from '#main/services/files.ts';
import { pathsUnder } from '#main/services/source-paths.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import { isAppError } from '#shared/errors.ts';
import type { FileId } from '#shared/bridge.ts';
import type { Xray } from '#shared/xray.ts';

/** Texts beside a model that its tokenizer runs as templates. */
const TEMPLATE_FILES = ['chat_template.jinja', 'chat_template.json', 'tokenizer_config.json'] as const;

/**
 * Lists what a file would import, call or run. A file that opens as no checkpoint is searched all the same.
 * @throws AppError `not-found`, `io`, `cancelled`, and `unsupported` for what is neither file nor folder.
 */
export async function xrayFile(
  checkpoints: Checkpoints,
  files: Files,
  file: FileId,
  signal: AbortSignal,
): Promise<Xray> {
  const { checkpoint, path } = await lookAt(checkpoints, files, file);
  const kind = await kindOfPath(path);
  const paths = new Set(kind === 'folder' || kind === 'missing' ? [] : [path]);
  for (const one of pathsUnder(checkpoint?.sources ?? [])) paths.add(one);
  const sources: ByteSource[] = [];
  try {
    for (const one of paths) sources.push(await fileSource(one));
    const xray = await scanCode(sources, { signal, checkpoint });
    const templates = await templatesBeside(kind === 'folder' ? path : dirname(path), checkpoint);
    return templates.length === 0 ? xray : { ...xray, parts: [...xray.parts, ...templates] };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** The checkpoint, where there is one; what cannot be opened is still looked into, what is not there is not. */
async function lookAt(
  checkpoints: Checkpoints,
  files: Files,
  file: FileId,
): Promise<{ readonly checkpoint: Checkpoint | undefined; readonly path: string }> {
  const path = files.pathOf(file);
  try {
    return { checkpoint: (await checkpoints.open(file)).checkpoint, path };
  } catch (error) {
    const isFile = (await kindOfPath(path)) === 'file';
    if (isFile && isAppError(error) && !['io', 'cancelled', 'internal'].includes(error.code)) {
      return { checkpoint: undefined, path };
    }
    throw error;
  }
}

/** Chat templates of a tokenizer that lies beside the weights, as people pass models on. */
async function templatesBeside(
  folder: string,
  checkpoint: Checkpoint | undefined,
): Promise<readonly CodePart[]> {
  if (!checkpoint) return [];
  const beside = folderAt(folder);
  const parts: CodePart[] = [];
  for (const name of TEMPLATE_FILES) {
    if (!(await beside.has(name))) continue;
    const source = await beside.open(name);
    try {
      if (source.byteLength > XRAY_PART_BYTES) continue;
      const text = Buffer.from(await source.read(0, source.byteLength)).toString('utf8');
      parts.push(...templatesIn(name, text));
    } finally {
      await source.close();
    }
  }
  return parts;
}

function templatesIn(file: string, text: string): readonly CodePart[] {
  const part = (name: string, template: string): CodePart => ({
    kind: 'chat-template',
    name,
    stream: file,
    text: template,
  });
  if (!file.endsWith('.json')) return [part('chat_template', text)];
  const stated = templateField(text);
  if (typeof stated === 'string') return [part('chat_template', stated)];
  if (!Array.isArray(stated)) return [];
  return stated.flatMap((row: unknown) => {
    const { name, template } = (row ?? {}) as { name?: unknown; template?: unknown };
    return typeof template === 'string' ? [part(String(name), template)] : [];
  });
}

function templateField(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null
      ? (json as { chat_template?: unknown }).chat_template
      : undefined;
  } catch {
    return undefined;
  }
}
