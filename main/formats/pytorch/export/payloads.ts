import { memorySource } from '#main/bytes/memory-source.ts';
import type { PickleImport, StoredTensor } from '#main/formats/contract.ts';
import { archiveStorages } from '#main/formats/pytorch/archive-storages.ts';
import { readMemberPickle, type TorchArchive } from '#main/formats/pytorch/archive.ts';
import { payloadView, type Payload } from '#main/formats/pytorch/export/payload-config.ts';
import { readNested } from '#main/formats/pytorch/nested-archive.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import { storeLeaf, type Shelf } from '#main/formats/pytorch/stored-tensors.ts';
import { metadataFrom, type Metadata, type MetadataValue } from '#shared/checkpoint.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** What the payloads of a program are. */
export interface Payloads {
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Metadata;
  readonly imports: readonly PickleImport[];
}

export function noPayloads(): Payloads {
  return { tensors: [], metadata: metadataFrom([]), imports: [] };
}

/** Objects that Python pickled, without an archive around them. */
const OPAQUE = 'opaque_obj_';

/**
 * Finds every payload in its folder: bytes as they are, or an archive by torch.save for what has more to it.
 * What cannot be placed becomes a problem.
 */
export async function readPayloads(
  archive: TorchArchive,
  folder: string,
  payloads: readonly Payload[],
): Promise<Payloads> {
  const { problems } = archive;
  const storages = archiveStorages(archive, [folder], []);
  const shelf: Shelf = { storages, pickleSource: memorySource(new Uint8Array(0)), problems };
  const tensors: StoredTensor[] = [];
  const imports: PickleImport[] = [];
  const values: [string, MetadataValue][] = [];
  for (const payload of payloads) {
    try {
      if (payload.isPickled) {
        const pickled = await readPickled(archive, folder, payload);
        for (const tensor of pickled.tensors) tensors.push(renamed(tensor, payload.name));
        imports.push(...pickled.imports);
        if (Object.keys(pickled.metadata).length > 0) values.push([payload.name, pickled.metadata]);
      } else {
        const tensor = { kind: 'dense', view: payloadView(payload, payload.path) } as const;
        tensors.push(...(await storeLeaf(payload.name, { kind: 'tensor', tensor }, shelf)));
      }
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'cancelled') throw error;
      problems.push({ code: error.code, message: error.message, tensor: payload.name });
    }
  }
  return { tensors, metadata: metadataFrom(values), imports };
}

async function readPickled(archive: TorchArchive, folder: string, payload: Payload): Promise<Payloads> {
  const name = `${archive.prefix}${folder}${payload.path}`;
  const entry = archive.zip.find(name);
  if (!entry) {
    throw new AppError('corrupt', `${name} is missing from the archive`, { expected: name });
  }
  if (!payload.path.startsWith(OPAQUE)) return readNested(archive, entry);
  const { pickle, member, checksums, imports } = await readMemberPickle(archive, entry);
  const storages = archiveStorages(archive, [folder], checksums);
  const { problems } = archive;
  return { ...(await readObjectGraph(pickle, { storages, pickleSource: member, problems })), imports };
}

/** A lone tensor has the payload's name, the tensors of an object stand below it. */
function renamed(tensor: StoredTensor, name: string): StoredTensor {
  return { ...tensor, name: tensor.name === 'value' ? name : `${name}.${tensor.name}` };
}
