import { join } from 'node:path';
import type { utilityProcess as UtilityProcesses } from 'electron';

import type { FromProcess, StartProcess } from '#main/hosts/training/messages.ts';
import { processStarter } from '#main/hosts/training/process-starter.ts';

/** What the system and the log call it. */
export const TRAINING_NAME = 'Paramscope training';

/**
 * Starts processes that train by the app's own binary, which need not be able to run as Node.
 * @param bundleFolder where `training.cjs` lies.
 */
export function utilityProcesses(
  utilityProcess: typeof UtilityProcesses,
  bundleFolder: string,
  resourceFolder: string,
): StartProcess {
  return processStarter(() => {
    const child = utilityProcess.fork(join(bundleFolder, 'training.cjs'), [], {
      serviceName: TRAINING_NAME,
      stdio: 'ignore',
    });
    let isKilled = false;
    const kill = () => {
      try {
        // Electron's own kill is a request that the process may answer
        if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
      } catch {
        // it was quicker
      }
    };
    child.once('spawn', () => {
      if (isKilled) kill();
    });
    return {
      send: (message) => child.postMessage(message),
      kill: () => {
        isKilled = true;
        kill();
      },
      listen: (onMessage, onGone) => {
        child.on('message', (message) => onMessage(message as FromProcess));
        child.once('exit', onGone);
      },
    };
  }, resourceFolder);
}
