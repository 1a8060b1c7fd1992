/** The shell of a compute thread: tasks in, results out. */
import { parentPort } from 'node:worker_threads';

import { channelPort } from '#main/services/worker-port.ts';
import { TASKS, type TaskName } from '#main/services/tasks/tasks.ts';
import type { Pass } from '#main/services/windows.ts';
import { answerOver } from '#shared/rpc.ts';

/** Progress is told in pieces of at least this many bytes, not at every window. */
const REPORT_BYTES = 8 * 1024 * 1024;

if (parentPort) {
  answerOver(channelPort(parentPort), async (name, task, { signal, progress }) => {
    let unreported = 0;
    const onRead = (byteLength: number) => {
      unreported += byteLength;
      if (unreported < REPORT_BYTES) return;
      progress(unreported);
      unreported = 0;
    };
    const run = TASKS[name as TaskName] as (task: unknown, pass: Pass) => Promise<unknown>;
    const result = await run(task, { signal, onRead });
    if (unreported > 0) progress(unreported);
    return result;
  });
}
