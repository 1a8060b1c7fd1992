/** What the shell itself keeps between launches: where the window was, its theme, the folder dialogs open in. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Rectangle } from 'electron';
import * as z from 'zod/mini';

const STATE = z.object({
  bounds: z.catch(
    z.optional(z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() })),
    undefined,
  ),
  isMaximized: z.catch(z.boolean(), false),
  theme: z.catch(z.enum(['system', 'light', 'dark']), 'system'),
  /** Absolute path. */
  lastFolder: z.catch(z.optional(z.string()), undefined),
});
export type WindowState = z.infer<typeof STATE>;

export interface WindowStateStore {
  read(): WindowState;
  update(change: Partial<WindowState>): void;
}

/** @param path of a JSON file; a missing or damaged one counts as empty. */
export function windowStateStore(path: string): WindowStateStore {
  let state = load(path);
  return {
    read: () => state,
    update: (change) => {
      state = { ...state, ...change };
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(`${path}.part`, `${JSON.stringify(state)}\n`);
        renameSync(`${path}.part`, path);
      } catch {
        // the next launch starts with defaults; nothing of the person's is lost
        return;
      }
    },
  };
}

function load(path: string): WindowState {
  try {
    return z.parse(STATE, JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return z.parse(STATE, {});
  }
}

/** The least of a window that must be on a screen for it to be found and moved. */
const LEAST_VISIBLE = 64;

/** Bounds that can be seen on one of the screens that are there now, else undefined. */
export function visibleBounds(
  bounds: Rectangle | undefined,
  screens: readonly Rectangle[],
): Rectangle | undefined {
  if (!bounds) return undefined;
  const isVisible = screens.some((screen) => {
    const width = Math.min(bounds.x + bounds.width, screen.x + screen.width) - Math.max(bounds.x, screen.x);
    const height =
      Math.min(bounds.y + bounds.height, screen.y + screen.height) - Math.max(bounds.y, screen.y);
    return width >= LEAST_VISIBLE && height >= LEAST_VISIBLE;
  });
  return isVisible ? bounds : undefined;
}
