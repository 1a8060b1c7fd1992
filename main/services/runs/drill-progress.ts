import { withResume, type DrillRun } from '#main/services/runs/drill.ts';
import type { DrillKill, DrillSnapshot } from '#shared/drill.ts';
import type { RunEvent } from '#shared/run.ts';

/** Milliseconds between snapshots: ten a second. */
const INTERVAL = 100;

/** What a drill tells, put together for somebody who watches. */
export interface DrillProgress {
  take(event: RunEvent, of: DrillRun): void;
  /** No snapshot after this. */
  end(): void;
}

export function followDrill(steps: number, onSnapshot: (snapshot: DrillSnapshot) => void): DrillProgress {
  let snapshot: DrillSnapshot = {
    part: 'uninterrupted',
    steps,
    uninterruptedStep: 0,
    killedStep: 0,
    kills: [],
  };
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    onSnapshot(snapshot);
  };
  const change = (changed: Partial<DrillSnapshot>) => (snapshot = { ...snapshot, ...changed });

  return {
    take: (event, of) => {
      if (of === 'uninterrupted') change({ uninterruptedStep: event.step });
      else if (event.event === 'killed') change({ kills: [...snapshot.kills, withoutKind(event)] });
      else if (event.event !== 'drill') {
        if (event.event === 'resumed') change({ kills: withResume(snapshot.kills, event.step) });
        const isDone = event.event === 'done';
        change({ part: isDone ? 'comparing' : 'killed', killedStep: event.step });
      }
      if (event.event === 'step') timer ??= setTimeout(send, INTERVAL);
      else send();
    },
    end: () => clearTimeout(timer),
  };
}

function withoutKind({ event: _, ...kill }: DrillKill & { readonly event: string }): DrillKill {
  return kill;
}
