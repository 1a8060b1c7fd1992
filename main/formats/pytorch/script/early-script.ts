// TorchScript programs of 1.0 to 1.3: caffe2/proto/torch.proto as JSON, tensors beside it, attributes in a pickle.
import { TORCH_JSON_BYTES } from '#main/bytes/limits.ts';
import { sourceList } from '#main/bytes/source-list.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { elementsOf, fieldsOf, parseJsonTree, type Json } from '#main/encodings/json/json-tree.ts';
import { globalName, itemsOf, safeInteger, type PickleObject } from '#main/encodings/pickle/nodes.ts';
import type { Unfolded } from '#main/encodings/pickle/tree.ts';
import type { ZipArchive } from '#main/encodings/zip/zip.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { archiveStorages, unusedStorages } from '#main/formats/pytorch/archive-storages.ts';
import {
  archiveRegions,
  folderOfEntry,
  openArchive,
  readMemberPickle,
  readMemberText,
} from '#main/formats/pytorch/archive.ts';
import { earlyScriptDialect } from '#main/formats/pytorch/dialect.ts';
import { extraFiles } from '#main/formats/pytorch/extra-files.ts';
import { readObjectGraph } from '#main/formats/pytorch/object-graph.ts';
import { codeMetadata, scriptCode } from '#main/formats/pytorch/script/code-parts.ts';
import { debugImports } from '#main/formats/pytorch/script/debug-imports.ts';
import { moduleNode, TENSOR_BY_NUMBER } from '#main/formats/pytorch/script/module-node.ts';
import { tensorDefinition } from '#main/formats/pytorch/script/tensor-definition.ts';
import { unfoldTorch, type TorchLeaf } from '#main/formats/pytorch/unfold.ts';
import { metadataFrom } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

const MODEL = 'model.json';
const ATTRIBUTES = 'attributes.pkl';

/** The folder of such a program's archive with its slash, or undefined for other archives. */
export function earlyScriptPrefix(zip: ZipArchive): string | undefined {
  const prefix = folderOfEntry(zip, MODEL);
  if (prefix === undefined || !zip.find(`${prefix}version`)) return undefined;
  return zip.entries.some(({ name }) => /^(code|tensors)\//.test(name.slice(prefix.length)))
    ? prefix
    : undefined;
}

/** Parameters and attributes of the module and of those inside it; the code is shown. */
export async function openEarlyScript(
  source: ByteSource,
  zip: ZipArchive,
  prefix: string,
): Promise<Checkpoint> {
  const sources = sourceList(source);
  const archive = await openArchive(source, zip, prefix, sources);
  const text = await readMemberText(zip, zip.find(`${prefix}${MODEL}`)!, TORCH_JSON_BYTES);
  const model = fieldsOf(parseJsonTree(text, { what: `${prefix}${MODEL}`, file: source.name }));
  const attributesEntry = zip.find(`${prefix}${ATTRIBUTES}`);
  const attributes = attributesEntry ? await readMemberPickle(archive, attributesEntry) : undefined;
  const code = await scriptCode(archive);
  const storages = archiveStorages(archive, [''], attributes?.checksums ?? []);
  const imports = [...(attributes?.imports ?? []), ...(await debugImports(archive))];
  const graph = await readObjectGraph(
    { root: moduleNode(model['mainModule'], itemsOf(attributes?.pickle.root) ?? []), imports },
    { storages, pickleSource: attributes?.member ?? source, problems: archive.problems },
    unfoldNumbered(elementsOf(model['tensors'])),
  );
  return {
    format: 'pytorch',
    dialect: earlyScriptDialect(model['protoVersion']),
    layout: 'dict',
    tensors: graph.tensors,
    metadata: metadataFrom([
      ...Object.entries(graph.metadata),
      ...Object.entries(await extraFiles(archive, 'extra/')),
      ...Object.entries(codeMetadata(code)),
    ]),
    sources: sources.sources,
    regions: await archiveRegions(archive),
    imports,
    ...(code.length > 0 ? { code } : {}),
    problems: [...zip.problems, ...archive.problems, ...unusedStorages(archive, 'tensors/', storages.used)],
  };
}

/** Tensors are referred to by their number in the model's table. */
function unfoldNumbered(
  definitions: readonly Json[],
): (node: PickleObject) => Unfolded<TorchLeaf> | undefined {
  return (node) => {
    if (node.kind !== 'call' || globalName(node.callable) !== TENSOR_BY_NUMBER) return unfoldTorch(node);
    const number = safeInteger(itemsOf(node.args)?.[0]);
    // a tensor without a value
    if (number === -1) return { kind: 'value', value: null };
    try {
      return { kind: 'leaf', leaf: { kind: 'tensor', tensor: tensorDefinition(definitions[number ?? -1]) } };
    } catch (error) {
      if (error instanceof AppError) return { kind: 'leaf', leaf: { kind: 'broken', error } };
      throw error;
    }
  };
}
