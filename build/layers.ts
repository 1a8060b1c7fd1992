/** Who may import whom: the table of ARCHITECTURE.md, for the test that enforces it. */

export interface Layer {
  readonly name: string;
  /** The files it consists of: paths from the top, `*` within a folder, `**` across folders. The first layer that matches owns the file. */
  readonly files: readonly string[];
  /** What its files may import besides files of the same layer: layer names, `node:…`, package names. */
  readonly may: readonly string[];
  /** Layers from which types alone may be imported. */
  readonly mayTypes?: readonly string[];
  /** True where each subfolder stands alone: `formats/numpy` never imports `formats/keras`. */
  readonly isApart?: true;
}

/** Packages that make pages. */
const PAGE = ['vue'];
/** Of Node, what neither reads files nor opens sockets. */
const PURE_NODE = [
  'node:zlib',
  'node:events',
  'node:crypto',
  'node:path',
  'node:os',
  'node:util',
  'node:buffer',
  'node:stream',
];

export const LAYERS: readonly Layer[] = [
  { name: 'shared/commands', files: ['shared/commands/**'], may: ['shared', 'zod/mini'] },
  { name: 'shared', files: ['shared/**'], may: [], mayTypes: ['shared/commands'] },

  {
    name: 'bytes/claim',
    files: ['main/bytes/writer-claim.ts'],
    // a socket of this machine's own tells whether a process lives
    may: ['shared', 'bytes', 'node:fs', 'node:net', ...PURE_NODE],
  },
  // bytes to bytes and nothing else: sources are made of it
  { name: 'encodings/bzip2', files: ['main/encodings/bzip2/**'], may: ['shared'] },
  {
    name: 'bytes',
    files: ['main/bytes/**'],
    may: ['shared', 'encodings/bzip2', 'node:fs', 'node:fs/promises', ...PURE_NODE],
  },
  // compiled to WebAssembly by itself, as the kernels' is
  { name: 'encodings/assembly', files: ['main/encodings/*/assembly/**'], may: [] },
  {
    name: 'encodings',
    files: ['main/encodings/**'],
    may: ['shared', 'bytes', 'encodings/bzip2', 'encodings/assembly', ...PURE_NODE],
  },
  {
    name: 'formats/contract',
    files: [
      ...['main/formats/contract.ts', 'main/formats/input.ts', 'main/formats/pickled-tensors.ts'],
      // checkpoints in parts, whichever format these are of
      ...['main/formats/shard-*.ts', 'main/formats/joined-shards.ts'],
    ],
    may: ['shared', 'bytes', 'encodings', 'kernels'],
  },
  {
    name: 'formats/registry',
    files: ['main/formats/*.ts'],
    may: ['shared', 'bytes', 'encodings', 'formats/contract', 'formats', ...PURE_NODE],
  },
  {
    name: 'formats/xray',
    files: ['main/formats/xray/**'],
    may: [
      ...['shared', 'bytes', 'encodings', 'formats', 'formats/contract', 'formats/registry'],
      ...PURE_NODE,
    ],
  },
  {
    name: 'formats',
    files: ['main/formats/*/**'],
    may: ['shared', 'bytes', 'encodings', 'formats/contract', ...PURE_NODE],
    isApart: true,
  },
  // compiled to WebAssembly by themselves: no code of the other kind can be reached from there
  { name: 'kernels/assembly', files: ['main/kernels/assembly/**'], may: [] },
  { name: 'kernels', files: ['main/kernels/**'], may: ['shared', 'kernels/assembly'] },
  {
    name: 'trainer/threads',
    files: [
      ...['main/trainer/worker.ts', 'main/trainer/saver.ts'],
      ...['main/trainer/checkpoint-file.ts', 'main/trainer/shared-digests.ts'],
    ],
    may: [
      'shared',
      'bytes',
      'formats',
      'formats/contract',
      'formats/registry',
      'kernels',
      'trainer',
      'node:worker_threads',
      'node:perf_hooks',
      ...PURE_NODE,
    ],
  },
  {
    name: 'trainer',
    files: ['main/trainer/**'],
    // the configuration inside a checkpoint is checked by the contract's own schema
    may: ['shared', 'shared/commands', 'kernels', 'node:crypto'],
    mayTypes: ['formats/contract', 'node:worker_threads'],
  },
  {
    name: 'services',
    files: ['main/services/**'],
    may: [
      ...[
        'shared',
        'shared/commands',
        'encodings/bzip2',
        'bytes',
        'bytes/claim',
        'kernels',
        'trainer',
        // run in this thread where there are no others
        'trainer/threads',
        'formats',
        'formats/contract',
        'formats/registry',
        'formats/xray',
      ],
      ...['node:worker_threads', 'node:perf_hooks', 'zod/mini', 'csv-parse', ...PURE_NODE],
    ],
  },
  { name: 'commands', files: ['main/commands/**'], may: ['shared', 'shared/commands', 'services'] },
  {
    name: 'engine',
    files: ['main/engine*.ts'],
    may: [
      'shared',
      'shared/commands',
      'commands',
      'services',
      'zod/mini',
      'node:worker_threads',
      ...PURE_NODE,
    ],
  },
  {
    name: 'preload',
    files: ['main/hosts/electron/preload.ts', 'main/hosts/electron/channels.ts'],
    may: ['electron', 'shared'],
  },
  {
    name: 'hosts',
    files: ['main/hosts/**'],
    may: ['shared', 'shared/commands', 'engine', 'preload', 'zod/mini', 'node:*', 'node:*/*', 'ws'],
    // electron itself is the business of one folder; the test says so with names
    mayTypes: ['electron'],
  },

  {
    name: 'renderer/client',
    files: ['renderer/client/**'],
    may: ['shared', ...PAGE],
    mayTypes: ['shared/commands'],
  },
  {
    name: 'renderer/stores',
    files: ['renderer/stores/**'],
    may: ['shared', 'renderer/client', 'pinia', ...PAGE],
    mayTypes: ['shared/commands'],
  },
  {
    name: 'renderer/ui',
    files: ['renderer/ui/**', 'renderer/style/**'],
    may: ['shared', 'reka-ui', '@lucide/vue', '@tanstack/vue-virtual', ...PAGE],
    mayTypes: ['shared/commands'],
  },
  {
    name: 'renderer/charts',
    files: ['renderer/charts/**'],
    may: ['shared', 'renderer/ui', 'chart.js', '@lucide/vue', ...PAGE],
    mayTypes: ['shared/commands'],
  },
  {
    name: 'renderer/views',
    files: ['renderer/views/*/**'],
    may: [
      // the form of a run checks with the engine's own rules
      ...[
        'shared',
        'shared/commands',
        'renderer/client',
        'renderer/stores',
        'renderer/charts',
        'renderer/ui',
      ],
      ...['pinia', 'reka-ui', '@lucide/vue', '@tanstack/vue-virtual', ...PAGE],
    ],
    isApart: true,
  },
  {
    name: 'renderer',
    files: ['renderer/**'],
    may: [
      ...['shared', 'renderer/client', 'renderer/stores', 'renderer/charts', 'renderer/ui', 'renderer/views'],
      ...['pinia', 'reka-ui', '@lucide/vue', ...PAGE],
    ],
    mayTypes: ['shared/commands'],
  },
];

/** The only folder that may take anything but types from `electron`. */
export const ELECTRON_FOLDER = 'main/hosts/electron/';
