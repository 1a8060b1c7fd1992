import type { Handler } from '#main/commands/handler.ts';
import { changeSettings, currentSettings } from '#main/services/settings.ts';

export const getSettingsCommand: Handler<'settings.get'> = ({ settings }) => currentSettings(settings);

export const setSettingsCommand: Handler<'settings.set'> = (services, { settings }) =>
  changeSettings(services.settings, settings);
