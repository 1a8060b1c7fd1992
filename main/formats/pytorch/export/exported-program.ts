// Exported programs since 2.8: torch/export/pt2_archive (_package.py, constants.py).
import { TORCH_JSON_BYTES } from '#main/bytes/limits.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { parseJsonTree } from '#main/encodings/json/json-tree.ts';
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint, PickleImport } from '#main/formats/contract.ts';
import {
  archiveRegions,
  folderOfEntry,
  openArchive,
  readMemberText,
  type TorchArchive,
} from '#main/formats/pytorch/archive.ts';
import { exportDialect } from '#main/formats/pytorch/dialect.ts';
import { nativeCode } from '#main/formats/pytorch/export/native-code.ts';
import { payloadsOf } from '#main/formats/pytorch/export/payload-config.ts';
import { noPayloads, readPayloads, type Payloads } from '#main/formats/pytorch/export/payloads.ts';
import { programHeader } from '#main/formats/pytorch/export/program-header.ts';
import { extraFiles } from '#main/formats/pytorch/extra-files.ts';
import { readNested } from '#main/formats/pytorch/nested-archive.ts';
import { metadataFrom } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

const FORMAT = 'archive_format';
const SAMPLE_INPUTS = /^data\/sample_inputs\/.*\.pt$/s;

/** Where a model's tensors are told: in a description of raw payloads or, in 2.8, all of them in one archive. */
const PLACES = [
  { folder: 'data/weights/', config: /^data\/weights\/(.*?)(_model_param|_weights)_config\.json$/s },
  {
    folder: 'data/constants/',
    config: /^data\/constants\/(.*?)(_model_constants|_constants)_config\.json$/s,
  },
] as const;
const WHOLE = /^data\/(?:weights|constants)\/(.*)\.pt$/s;

/** The folder of such an archive with its slash, or undefined for other archives. */
export function exportedPrefix(zip: ZipArchive): string | undefined {
  const prefix = folderOfEntry(zip, FORMAT);
  if (prefix === undefined) return undefined;
  return zip.entries.some(({ name }) => /^(data|models)\//.test(name.slice(prefix.length)))
    ? prefix
    : undefined;
}

/** Weights and constants of every model in the archive. */
export async function openExportedProgram(
  source: ByteSource,
  zip: ZipArchive,
  prefix: string,
): Promise<Checkpoint> {
  const sources = sourceList(source);
  const archive = await openArchive(source, zip, prefix, sources);
  const parts = await readParts(archive);
  const models = new Set(parts.map(({ model }) => model));
  const tensors = parts.flatMap(({ model, payloads }) =>
    payloads.tensors.map((tensor) =>
      models.size > 1 ? { ...tensor, name: `${model}.${tensor.name}` } : tensor,
    ),
  );
  const program = zip.entries.find(({ name }) => /^models\/.*\.json$/s.test(name.slice(prefix.length)));
  const header = await programHeader(archive, program);
  const native = await nativeCode(archive);
  const inputs = await sampleImports(archive);
  return {
    format: 'pytorch',
    dialect: exportDialect(header, '2.8 or newer'),
    layout: 'dict',
    tensors,
    metadata: metadataFrom([
      ...Object.entries(header),
      ...parts.flatMap(({ payloads }) => Object.entries(payloads.metadata)),
      ...Object.entries(await extraFiles(archive, 'extra/')),
    ]),
    sources: sources.sources,
    regions: await archiveRegions(archive),
    imports: [...parts.flatMap(({ payloads }) => payloads.imports), ...inputs],
    ...(native.length > 0 ? { code: native } : {}),
    problems: [...zip.problems, ...archive.problems],
  };
}

interface Part {
  readonly model: string;
  readonly payloads: Payloads;
}

async function readParts(archive: TorchArchive): Promise<readonly Part[]> {
  const { zip, prefix } = archive;
  const parts: Part[] = [];
  for (const { folder, config } of PLACES) {
    for (const entry of zip.entries) {
      const name = entry.name.startsWith(prefix) ? entry.name.slice(prefix.length) : '';
      if (!name.startsWith(folder)) continue;
      const described = config.exec(name)?.[1];
      const whole = WHOLE.exec(name)?.[1];
      if (described !== undefined) {
        const payloads = await attempt(archive, async () => {
          const text = await readMemberText(zip, entry, TORCH_JSON_BYTES);
          return readPayloads(archive, folder, payloadsOf(parseJsonTree(text, { what: entry.name })));
        });
        parts.push({ model: described, payloads });
      } else if (whole !== undefined) {
        // empty where there is nothing to keep
        const payloads = await attempt(archive, async () =>
          entry.byteLength === 0 ? noPayloads() : readNested(archive, entry),
        );
        parts.push({ model: whole, payloads });
      }
    }
  }
  return parts;
}

/** A part that cannot be read is a problem; the others stay readable. */
async function attempt(archive: TorchArchive, read: () => Promise<Payloads>): Promise<Payloads> {
  try {
    return await read();
  } catch (error) {
    if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
    archive.problems.push({ code: error.code, message: error.message });
    return noPayloads();
  }
}

/** Tensors that the program was tried on are none of its own; what their pickle imports is told. */
async function sampleImports(archive: TorchArchive): Promise<readonly PickleImport[]> {
  const imports: PickleImport[] = [];
  for (const entry of archive.zip.entries) {
    if (!SAMPLE_INPUTS.test(entry.name.slice(archive.prefix.length)) || entry.byteLength === 0) continue;
    imports.push(...(await attempt(archive, () => readNested(archive, entry))).imports);
  }
  return imports;
}
