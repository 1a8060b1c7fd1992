import { fork } from 'node:child_process';
import { join } from 'node:path';

import type { FromProcess, StartProcess } from '#main/hosts/training/messages.ts';
import { processStarter } from '#main/hosts/training/process-starter.ts';

/** Starts processes of Node. @param bundleFolder where `training.cjs` lies, and the resources. */
export function nodeProcesses(bundleFolder: string): StartProcess {
  return processStarter(
    () => {
      const child = fork(join(bundleFolder, 'training.cjs'), [], {
        // losses may be no numbers
        serialization: 'advanced',
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      return {
        send: (message) => void child.send(message),
        kill: () => void child.kill('SIGKILL'),
        listen: (onMessage, onGone) => {
          let code: number | null = null;
          child.on('message', (message) => onMessage(message as FromProcess));
          child.once('exit', (exitCode) => (code = exitCode));
          child.once('error', () => onGone(null));
          // what it said last may be read after it is gone
          child.once('close', () => onGone(code));
        },
      };
    },
    join(bundleFolder, 'resources'),
  );
}
