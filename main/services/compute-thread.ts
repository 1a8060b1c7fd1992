/** The shell of a compute thread: tasks in, results out. */
import { parentPort, workerData } from 'node:worker_threads';

import { joinChunkReaders, type ChunkReaders } from '#main/bytes/chunk-share.ts';
import { channelPort } from '#main/services/worker-port.ts';
import { TASKS, type TaskName } from '#main/services/tasks/tasks.ts';
import type { Pass } from '#main/services/windows.ts';
import type { ThreadReply } from '#main/services/thread-reply.ts';
import { answerOver } from '#shared/rpc.ts';

/** Progress is told now and then, not at every window: messages wake four threads on their way to the page. */
const REPORT_MS = 50;

if (parentPort) {
  joinChunkReaders(workerData as ChunkReaders);
  answerOver(channelPort(parentPort), async (name, task, { signal, progress }) => {
    let unreported = 0;
    let reportedAt = Date.now();
    const onRead = (byteLength: number) => {
      unreported += byteLength;
      if (Date.now() - reportedAt < REPORT_MS) return;
      progress(unreported);
      unreported = 0;
      reportedAt = Date.now();
    };
    const run = TASKS[name as TaskName] as (task: unknown, pass: Pass) => Promise<unknown>;
    const output = await run(task, { signal, onRead });
    return { output, unreported } satisfies ThreadReply;
  });
}
