import { attributeValue } from '#main/encodings/hdf5/attribute-value.ts';
import { readAttributes } from '#main/encodings/hdf5/attributes.ts';
import {
  describeDataset,
  isDataset,
  type DatasetContent,
  type DatasetContext,
} from '#main/encodings/hdf5/dataset.ts';
import { isGroup, readLinks, type Hdf5Link } from '#main/encodings/hdf5/links.ts';
import { readObjectHeader, type ObjectHeader } from '#main/encodings/hdf5/object-header.ts';
import type { MetadataValue, Problem } from '#shared/checkpoint.ts';
import { isAppError, type AppError } from '#shared/errors.ts';

/** An object of a file; each of its parts is read when it is first asked for. */
export type Hdf5Object =
  | (Common & {
      readonly kind: 'group';
      links(): Promise<readonly Hdf5Link[]>;
      /** A link by its name. */
      link(name: string): Promise<Hdf5Link | undefined>;
    })
  | (Common & { readonly kind: 'dataset'; content(): Promise<DatasetContent> })
  /** A datatype that has a name of its own, or something later than this reader. */
  | (Common & { readonly kind: 'other' });

interface Common {
  attributes(): Promise<{
    readonly attributes: ReadonlyMap<string, MetadataValue>;
    readonly problems: readonly Problem[];
  }>;
}

/** The objects of a file by the address of their headers, each read once. */
export interface Hdf5Objects {
  at(address: number): Promise<Hdf5Object>;
}

export function hdf5Objects(context: DatasetContext): Hdf5Objects {
  const known = new Map<number, Promise<Hdf5Object>>();
  return {
    at: (address) => {
      const reading = known.get(address) ?? readObject(context, address);
      known.set(address, reading);
      return reading;
    },
  };
}

async function readObject(context: DatasetContext, address: number): Promise<Hdf5Object> {
  const { blocks, messages } = context;
  const header = await readObjectHeader(blocks, address);
  const attributes = once(() => valuesOf(context, header));
  if (isDataset(header)) {
    const content = once(async () => {
      const savedAs = (await attributes()).attributes.get('dtype');
      return describeDataset(context, header, typeof savedAs === 'string' ? savedAs : undefined);
    });
    return { kind: 'dataset', attributes, content };
  }
  if (!isGroup(header)) return { kind: 'other', attributes };
  const links = once(() => readLinks(blocks, messages, header));
  const byName = once(async () => new Map((await links()).map((link) => [link.name, link])));
  return { kind: 'group', attributes, links, link: async (name) => (await byName()).get(name) };
}

function once<Result>(read: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => (result ??= read());
}

async function valuesOf(
  { blocks, messages, texts }: DatasetContext,
  header: ObjectHeader,
): Promise<{ attributes: ReadonlyMap<string, MetadataValue>; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const tell = ({ code, message, fields: { offset } }: AppError, name: string): void => {
    problems.push({
      code,
      message: `an attribute${name}: ${message}`,
      ...(offset === undefined ? {} : { offset }),
    });
  };
  const attributes = new Map<string, MetadataValue>();
  for (const attribute of await readAttributes(blocks, messages, header, (error) => tell(error, ''))) {
    try {
      attributes.set(attribute.name, await attributeValue(attribute, texts));
    } catch (error) {
      if (!isAppError(error) || error.code === 'io' || error.code === 'internal') throw error;
      tell(error, ` ${attribute.name}`);
    }
  }
  return { attributes, problems };
}
