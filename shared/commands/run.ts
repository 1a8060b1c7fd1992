import * as z from 'zod/mini';

import type { DrillReport, DrillSnapshot } from '#shared/drill.ts';
import type { FileId } from '#shared/bridge.ts';
import { command } from '#shared/commands/command.ts';
import { RUN_CONFIG_SCHEMA } from '#shared/commands/run-config.ts';
import type { Reproduction } from '#shared/reproduction.ts';
import type {
  HeldNetwork,
  RestoreReport,
  RunDescription,
  RunEvent,
  RunProof,
  RunSnapshot,
} from '#shared/run.ts';

const run = z.string();

/** Of one drill: each takes a process that starts anew. */
const MOST_KILLS = 100;

export const ARCHITECTURE_SCHEMA = z.strictObject({
  layers: z.array(
    z.union([
      z.strictObject({
        linear: z.tuple([z.int().check(z.gte(1)), z.int().check(z.gte(1))]),
        name: z.optional(z.string()),
      }),
      z.strictObject({ activation: z.string(), negativeSlope: z.optional(z.number()) }),
    ]),
  ),
});

export const RUN_COMMANDS = {
  /** Starts training in a folder (a new one in the app's own place where none is given). */
  'run.start': command<RunDescription>()({
    params: z.strictObject({
      config: RUN_CONFIG_SCHEMA,
      folder: z.optional(z.string()),
      name: z.optional(z.string()),
      steps: z.optional(z.int().check(z.gte(1))),
    }),
  }),
  /** Streams snapshots until the run ends or the call is cancelled. */
  'run.watch': command<RunSnapshot, RunSnapshot>()({ params: z.strictObject({ run }) }),
  'run.pause': command<RunSnapshot>()({ params: z.strictObject({ run }) }),
  /** Goes on from a pause, or from the newest valid checkpoint of a run that has stopped. */
  'run.resume': command<RunSnapshot>()({ params: z.strictObject({ run }) }),
  'run.stop': command<RunSnapshot>()({ params: z.strictObject({ run }) }),
  /** Saves a checkpoint at the next step boundary. */
  'run.save': command<RunSnapshot>()({ params: z.strictObject({ run }) }),
  /** Gives it another name; its folder keeps its own. */
  'run.rename': command<RunDescription>()({
    params: z.strictObject({ run, name: z.string().check(z.trim(), z.minLength(1), z.maxLength(200)) }),
  }),
  /** Has a checkpoint kept whatever the rules say, or no longer. */
  'run.pin': command<RunSnapshot>()({
    params: z.strictObject({ run, step: z.int().check(z.gte(0)), isPinned: z.boolean() }),
  }),
  /** Deletes a run that nobody trains; files in its folder that are not its own stay. */
  'run.delete': command<{ readonly isFolderGone: boolean }>()({ params: z.strictObject({ run }) }),
  'run.list': command<readonly RunDescription[]>()({ params: z.strictObject({}) }),
  /** The MLP that an open checkpoint holds, for a run that is to start from it. @see RunConfig.startFrom */
  'run.network': command<HeldNetwork>()({ params: z.strictObject({ file: z.string() }) }),
  /** The checkpoint of a step as a file to browse or compare. */
  'run.checkpoint-file': command<{ readonly file: FileId; readonly name: string }>()({
    params: z.strictObject({ run, step: z.int().check(z.gte(0)) }),
  }),
  /** Rebuilds a clone from the file and compares it with the original, bit for bit. */
  'run.verify': command<RestoreReport>()({
    params: z.strictObject({ run, step: z.int().check(z.gte(0)) }),
  }),
  /** Rebuilds a clone from every checkpoint of a run's folder. */
  'run.prove': command<RunProof>()({
    params: z.strictObject({ folder: z.string() }),
    verb: {
      verb: 'prove',
      does: 'rebuilds a clone from each checkpoint of a run and compares it with what training memory held',
      positionals: [{ param: 'folder', title: 'RUN-FOLDER', kind: 'path' }],
    },
  }),
  /** The command line's way to train: to the end, with every event. */
  'run.train': command<RunSnapshot & { readonly drill?: DrillReport }, RunEvent>()({
    params: z.strictObject({
      config: z.optional(RUN_CONFIG_SCHEMA),
      folder: z.string(),
      steps: z.optional(z.int().check(z.gte(1))),
      isResumed: z.optional(z.boolean()),
      isDrill: z.optional(z.boolean()),
    }),
    verb: {
      verb: 'train',
      does: 'trains a network with periodic checkpoints',
      positionals: [{ param: 'config', title: 'CONFIG.json', kind: 'json', isOptional: true }],
      options: [
        {
          flag: 'out',
          param: 'folder',
          title: 'FOLDER',
          does: 'where the run lives',
          kind: 'new-path',
          isRequired: true,
        },
        { flag: 'steps', param: 'steps', title: 'N', does: 'total optimizer steps', kind: 'integer' },
        {
          flag: 'resume',
          param: 'isResumed',
          title: '',
          does: 'goes on from the newest valid checkpoint',
          kind: 'flag',
        },
        {
          flag: 'drill',
          param: 'isDrill',
          title: '',
          does: 'kills training at random moments, resumes it, and compares with an uninterrupted run',
          kind: 'flag',
        },
      ],
    },
  }),
  /** Kills training at random moments, resumes it, and compares with an uninterrupted run; none of it stays. */
  'run.drill': command<DrillReport, DrillSnapshot>()({
    params: z.strictObject({
      config: z.optional(RUN_CONFIG_SCHEMA),
      steps: z.optional(z.int().check(z.gte(1))),
      kills: z.optional(z.int().check(z.gte(1), z.lte(MOST_KILLS))),
    }),
  }),
  /** Rebuilds an MLP from any file, runs a recorded input and compares with the recorded output. */
  'restore.reproduce': command<Reproduction>()({
    params: z.strictObject({
      checkpoint: z.string(),
      input: z.string(),
      inputName: z.optional(z.string()),
      output: z.string(),
      outputName: z.optional(z.string()),
      arch: z.optional(ARCHITECTURE_SCHEMA),
      tolerance: z.optional(z.tuple([z.number().check(z.gte(0)), z.number().check(z.gte(0))])),
    }),
    verb: {
      verb: 'restore',
      does: 'rebuilds the MLP, runs an input, compares with the recorded output',
      positionals: [{ param: 'checkpoint', title: 'CHECKPOINT', kind: 'path' }],
      options: [
        {
          flag: 'input',
          param: 'input',
          title: 'X',
          does: 'an npy file, or FILE:NAME',
          kind: 'tensor-path',
          isRequired: true,
        },
        {
          flag: 'output',
          param: 'output',
          title: 'Y',
          does: 'an npy file, or FILE:NAME',
          kind: 'tensor-path',
          isRequired: true,
        },
        { flag: 'arch', param: 'arch', title: 'mlp.json', does: 'the architecture', kind: 'json' },
        {
          flag: 'tolerance',
          param: 'tolerance',
          title: 'ABS,REL',
          does: '1e-5,1e-5 unless told',
          kind: 'numbers',
        },
      ],
    },
  }),
} as const;
