import { setMaxListeners } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { chunkReaders, leaveChunkReaders } from '#main/bytes/chunk-share.ts';
import { chunkMemoryBytes, taskChunkBytes } from '#main/services/chunk-memory.ts';
import { memoryTurns } from '#main/services/memory-turns.ts';
import type { ThreadReply } from '#main/services/thread-reply.ts';
import { workerPort } from '#main/services/worker-port.ts';
import { TASKS, type TaskInput, type TaskName, type TaskOutput } from '#main/services/tasks/tasks.ts';
import type { Pass } from '#main/services/windows.ts';
import { callerOver, type Call } from '#shared/rpc.ts';

/** The fixed pool of compute threads. Each reads by plan and sends results back, never values. */
export interface Compute {
  /** How many tasks are worth having under way at once. */
  readonly width: number;
  run<Name extends TaskName>(name: Name, task: TaskInput<Name>, pass: Pass): Promise<TaskOutput<Name>>;
  close(): Promise<void>;
}

/** Tasks that lie ready in threads that have one already. */
const SPARE_TASKS = 2;

/** A few more than threads work on, so that none waits for this thread between two tensors; each takes memory. */
export function tasksAtOnce({ width }: Compute): number {
  return width === 1 ? 1 : width + SPARE_TASKS;
}

/** @param threadFolder where `compute.cjs` lies; absent, everything runs in this thread. */
export function createCompute(threadFolder: string | undefined): Compute {
  return threadFolder === undefined ? inlineCompute() : threadedCompute(join(threadFolder, 'compute.cjs'));
}

function inlineCompute(): Compute {
  return {
    width: 1,
    run: (name, task, pass) => {
      const run = TASKS[name] as (task: unknown, pass: Pass) => Promise<never>;
      return run(task, pass);
    },
    close: async () => {},
  };
}

interface Thread {
  readonly worker: Worker;
  readonly call: Call;
  running: number;
}

/** What lives for a moment in a compute thread is small: with more room for it, eight threads hold a hundred megabytes of garbage. */
const YOUNG = { maxYoungGenerationSizeMb: 2 };

function threadedCompute(file: string): Compute {
  const width = Math.min(8, Math.max(2, cpus().length));
  const threads: (Thread | undefined)[] = new Array<Thread | undefined>(width).fill(undefined);
  const inTurn = memoryTurns(chunkMemoryBytes(width));

  // threads start when first needed, so that opening a file costs none
  const threadAt = (index: number): Thread => {
    const known = threads[index];
    if (known) return known;
    const place = chunkReaders(index);
    const worker = new Worker(file, { workerData: place, resourceLimits: YOUNG });
    const thread = { worker, call: callerOver(workerPort(worker)), running: 0 };
    worker.once('exit', () => {
      // one that dies takes its readers along
      leaveChunkReaders(place);
      if (threads[index] === thread) threads[index] = undefined;
    });
    threads[index] = thread;
    return thread;
  };

  const leastBusy = (): Thread => {
    let best = 0;
    for (let index = 1; index < width; index++) {
      if ((threads[index]?.running ?? 0) < (threads[best]?.running ?? 0)) best = index;
    }
    return threadAt(best);
  };

  return {
    width,
    run: (name, task, pass) => {
      // each task listens to it, and Node warns of more than ten
      if (pass.signal) setMaxListeners(0, pass.signal);
      return inTurn(taskChunkBytes(task), async () => {
        const thread = leastBusy();
        thread.running++;
        try {
          const { output, unreported } = (await thread.call(name, task, {
            ...(pass.signal ? { signal: pass.signal } : {}),
            onProgress: (byteLength) => pass.onRead?.(byteLength as number),
          })) as ThreadReply;
          if (unreported > 0) pass.onRead?.(unreported);
          return output as TaskOutput<typeof name>;
        } finally {
          thread.running--;
        }
      });
    },
    close: async () => {
      const running = threads.flatMap((thread) => (thread ? [thread.worker.terminate()] : []));
      await Promise.all(running);
    },
  };
}
