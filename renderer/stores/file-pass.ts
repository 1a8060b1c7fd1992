/** A pass over all of an open checkpoint: over one file at a time, each file's findings kept while it is open. */
import { shallowReactive, watch } from 'vue';

import { useCall } from '#renderer/client/use-call.ts';
import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import type { FileId } from '#shared/bridge.ts';
import type { CommandName, Input, Result, Update } from '#shared/commands/commands.ts';
import { escapeName } from '#shared/display.ts';
import type { AppError } from '#shared/errors.ts';

export interface FilePass<Findings, Answer> {
  /** `stopped`: called off, so that only part of the file was looked at. */
  readonly state: 'running' | 'stopped' | 'done' | 'failed';
  /** As far as it has come. */
  readonly findings: Findings;
  /** There once it is done. */
  readonly answer?: Answer;
  readonly error?: AppError;
}

/** Commands that ask about one file and nothing else. */
type PassName = {
  [Name in CommandName]: { file: string } extends Input<Name> ? Name : never;
}[CommandName];

export interface FilePassSettings<Name extends CommandName, Findings> {
  /** What the status bar says is being done to the file. */
  readonly doing: string;
  readonly nothing: Findings;
  /** Findings with those of an update, or those of the answer where it is done. */
  readonly add: (findings: Findings, update: Update<Name>) => Findings;
  readonly all: (answer: Result<Name>) => Findings;
}

export interface FilePasses<Name extends CommandName, Findings> {
  readonly passes: ReadonlyMap<FileId, FilePass<Findings, Result<Name>>>;
  /** Begins anew; another pass that runs is called off. */
  run(file: FileId): Promise<void>;
  stop(): void;
}

/** To be called within a store. */
export function useFilePasses<Name extends PassName, Findings>(
  name: Name,
  { doing, nothing, add, all }: FilePassSettings<Name, Findings>,
): FilePasses<Name, Findings> {
  const checkpoints = useCheckpoints();
  const passes = shallowReactive(new Map<FileId, FilePass<Findings, Result<Name>>>());
  let current: FileId | undefined;
  const running = useCall(name, {
    title: (params) => {
      const { file } = params;
      return `${doing} ${escapeName(checkpoints.find(file)?.name ?? 'a file')}`;
    },
    onProgress: (update) => {
      const pass = current === undefined ? undefined : passes.get(current);
      if (current === undefined || !pass) return;
      const findings = add(pass.findings, update);
      // what has not changed need not be drawn again
      if (findings !== pass.findings) passes.set(current, { ...pass, findings });
    },
  });

  async function run(file: FileId): Promise<void> {
    stop();
    current = file;
    passes.set(file, { state: 'running', findings: nothing });
    const answer = await running.run({ file } as Input<Name>);
    if (current !== file) return;
    current = undefined;
    if (answer === undefined) settle(file);
    else passes.set(file, { state: 'done', findings: all(answer), answer });
  }

  /** Ends what was under way without an answer: it failed, or the person called it off in the status bar. */
  function settle(file: FileId): void {
    const findings = passes.get(file)?.findings ?? nothing;
    const { state, error } = running.loadable;
    if (state === 'failed' && error) passes.set(file, { state: 'failed', findings, error });
    else passes.set(file, { state: 'stopped', findings });
  }

  function stop(): void {
    const file = current;
    if (file === undefined) return;
    current = undefined;
    running.cancel();
    settle(file);
  }

  watch(
    () => checkpoints.open,
    (open) => {
      for (const file of passes.keys()) {
        if (open.some((one) => one.file === file)) continue;
        if (current === file) stop();
        passes.delete(file);
      }
    },
  );

  return { passes, run, stop };
}
