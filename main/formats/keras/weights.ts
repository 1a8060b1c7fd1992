import type { Hdf5Dataset, Hdf5Tree } from '#main/encodings/hdf5/hdf5.ts';
import type { Checksum, StoredTensor } from '#main/formats/contract.ts';
import type { OrderedWeight } from '#main/formats/keras/layer-order.ts';

/**
 * Datasets as tensors, in a given order.
 * @param checksums that hold for all of them.
 */
export function weightTensors(
  { datasets }: Hdf5Tree,
  order: readonly OrderedWeight[],
  checksums: readonly Checksum[] = [],
): StoredTensor[] {
  const byPath = new Map<string, Hdf5Dataset[]>();
  for (const dataset of datasets) {
    const same = byPath.get(dataset.path);
    if (same) same.push(dataset);
    else byPath.set(dataset.path, [dataset]);
  }
  const take = ({ path, label }: OrderedWeight): StoredTensor[] => {
    const content = byPath.get(path)?.shift()?.content;
    if (content?.kind !== 'tensor') return [];
    const { dtype, shape, offers, values } = content;
    const tensor: StoredTensor = {
      name: path,
      ...(label === undefined || label === path ? {} : { label }),
      dtype,
      shape,
      ...(offers ? { offers } : {}),
      ...(checksums.length > 0 && values.kind !== 'none' ? { checksums } : {}),
      storage: values,
    };
    return [tensor];
  };
  const ordered = order.flatMap(take);
  // a damaged group may have two datasets of one name
  const others = [...byPath.values()].flat().flatMap(({ path }) => take({ path }));
  return [...ordered, ...others];
}
