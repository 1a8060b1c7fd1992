import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where settings, recent files and the app's own runs lie, the same for window, browser and command line.
 * `PARAMSCOPE_DATA` names another place.
 */
export function dataFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string {
  const named = environment['PARAMSCOPE_DATA'];
  if (named) return named;
  const home = homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Paramscope');
  if (platform === 'win32')
    return join(environment['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Paramscope');
  return join(environment['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'Paramscope');
}
