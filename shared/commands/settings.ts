import * as z from 'zod/mini';

import { command } from '#shared/commands/command.ts';

export const SETTINGS_SCHEMA = z.object({
  theme: z.catch(z.enum(['system', 'light', 'dark']), 'system'),
  bins: z.catch(z.int().check(z.gte(16), z.lte(1024)), 64),
  isLogCount: z.catch(z.boolean(), false),
  isSymlog: z.catch(z.boolean(), false),
  isClipped: z.catch(z.boolean(), false),
  /** Width of the left pane in per cent. */
  sidebar: z.catch(z.number().check(z.gte(10), z.lte(60)), 30),
});

export type Settings = z.infer<typeof SETTINGS_SCHEMA>;

export const SETTINGS_COMMANDS = {
  'settings.get': command<Settings>()({ params: z.strictObject({}) }),
  'settings.set': command<Settings>()({ params: z.strictObject({ settings: z.partial(SETTINGS_SCHEMA) }) }),
} as const;
