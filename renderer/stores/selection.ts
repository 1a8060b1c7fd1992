/** What is looked at in each open checkpoint, and how its tree is shown. */
import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowReactive, watch } from 'vue';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { tensorFilter } from '#renderer/stores/tensor-filter.ts';
import {
  buildTree,
  groupsAbove,
  prunedTree,
  tensorKey,
  treeRows,
  type TreeNode,
  type TreeOrder,
} from '#renderer/stores/tensor-tree.ts';
import type { FileId } from '#shared/bridge.ts';
import type { TensorInfo } from '#shared/tensor.ts';

/** As much of a chart's subject as matters here: stores know no charts. */
interface ChosenSubject {
  readonly file: FileId;
  readonly tensor: TensorInfo;
}

const keyOf = ({ file, tensor }: ChosenSubject) => `${file} ${tensor.name}`;

interface Place {
  /** The chosen row's key: a tensor or a group. */
  selected: string | undefined;
  readonly expanded: Set<string>;
}

/** Groups are open at first while all rows together stay readable. */
const OPEN_AT_FIRST = 200;

export const useSelection = defineStore('selection', () => {
  const checkpoints = useCheckpoints();
  const places = shallowReactive(new Map<FileId, Place>());
  const filterText = ref('');
  const order = ref<TreeOrder>();
  /** The tab beside the tree; charts by name, `metadata`, `problems`. */
  const tab = ref('histogram');
  /** What was last chosen for each chart, and for which tensor; opaque here. */
  const chosen = shallowReactive(new Map<string, { readonly subject: string; readonly options: unknown }>());

  const file = computed(() => checkpoints.current?.file);
  const place = computed(() => (file.value === undefined ? undefined : places.get(file.value)));
  const byName = computed(
    () => new Map(checkpoints.current?.summary.tensors.map((tensor) => [tensorKey(tensor.name), tensor])),
  );
  const filter = computed(() => tensorFilter(filterText.value));
  const wholeTree = computed(() => buildTree(checkpoints.current?.summary.tensors ?? []));
  const tree = computed(() => (filter.value ? prunedTree(wholeTree.value, filter.value) : wholeTree.value));
  const rows = computed(() =>
    treeRows(
      tree.value,
      (group) => filter.value !== undefined || (place.value?.expanded.has(group.key) ?? false),
      order.value,
    ),
  );
  const selectedKey = computed({
    get: () => place.value?.selected,
    set: (key) => {
      if (place.value) place.value.selected = key;
    },
  });
  const tensor = computed(() =>
    selectedKey.value === undefined ? undefined : byName.value.get(selectedKey.value),
  );
  const group = computed(() => {
    const row = rows.value.find(({ node }) => node.key === selectedKey.value);
    return row?.node.kind === 'group' ? row.node : undefined;
  });

  function toggle(key: string): void {
    const expanded = place.value?.expanded;
    if (!expanded) return;
    if (!expanded.delete(key)) expanded.add(key);
  }

  /** Chooses a tensor and opens the groups above it. */
  function select(name: string): void {
    if (!place.value) return;
    for (const above of groupsAbove(wholeTree.value, name)) place.value.expanded.add(above.key);
    place.value.selected = tensorKey(name);
  }

  /** The options of a chart for a tensor: as chosen, or made from those chosen for the one before. */
  function optionsFor(chart: string, subject: ChosenSubject, make: (previous: unknown) => unknown): unknown {
    const last = chosen.get(chart);
    return last?.subject === keyOf(subject) ? last.options : make(last?.options);
  }

  function chooseOptions(chart: string, subject: ChosenSubject, options: unknown): void {
    chosen.set(chart, { subject: keyOf(subject), options });
  }

  function firstPlace(): Place {
    const tensors = checkpoints.current?.summary.tensors ?? [];
    const expanded = new Set<string>();
    const open = (nodes: readonly TreeNode[]) => {
      for (const node of nodes) {
        if (node.kind !== 'group') continue;
        expanded.add(node.key);
        open(node.children);
      }
    };
    if (tensors.length <= OPEN_AT_FIRST) open(wholeTree.value);
    return reactive({ selected: undefined, expanded });
  }

  watch(
    file,
    (id) => {
      if (id === undefined || places.has(id)) return;
      places.set(id, firstPlace());
      const first = checkpoints.current?.summary.tensors[0];
      if (first) select(first.name);
    },
    { immediate: true },
  );
  watch(
    () => checkpoints.open,
    (open) => {
      for (const id of places.keys()) if (!open.some((one) => one.file === id)) places.delete(id);
    },
  );

  return {
    filterText,
    order,
    tab,
    rows,
    selectedKey,
    tensor,
    group,
    isFiltered: computed(() => filter.value !== undefined),
    toggle,
    select,
    optionsFor,
    chooseOptions,
  };
});
