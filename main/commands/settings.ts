import * as z from 'zod/mini';

import type { Handler } from '#main/commands/handler.ts';
import type { Services } from '#main/services/services.ts';
import { DEFAULT_SETTINGS } from '#main/services/settings.ts';
import { SETTINGS_SCHEMA, type Settings } from '#shared/commands/settings.ts';

function current({ settings }: Services): Settings {
  const kept = settings.read().settings;
  return z.parse(SETTINGS_SCHEMA, { ...DEFAULT_SETTINGS, ...(typeof kept === 'object' ? kept : {}) });
}

export const getSettingsCommand: Handler<'settings.get'> = (services) => current(services);

export const setSettingsCommand: Handler<'settings.set'> = (services, { settings }) => {
  const changed = z.parse(SETTINGS_SCHEMA, { ...current(services), ...settings });
  services.settings.update({ settings: changed });
  return changed;
};
