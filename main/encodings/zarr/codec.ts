import { field, isObject, type JsonObject } from '#main/encodings/zarr/json.ts';

/** An extension point of version 3: a name, or an object of a name and what goes with it. */
export interface Codec {
  readonly name: string;
  readonly configuration: JsonObject;
}

export function codecOf(value: unknown): Codec | undefined {
  if (typeof value === 'string') return { name: value, configuration: {} };
  if (!isObject(value)) return undefined;
  const name = field(value, 'name');
  const configuration = field(value, 'configuration');
  return typeof name === 'string'
    ? { name, configuration: isObject(configuration) ? configuration : {} }
    : undefined;
}
