import { testElectron } from '#build/machine.mjs';
import { ROOT } from '#test/journeys/kit/places.ts';

/** Finds the genuine Electron once; workers inherit what is set here. */
export default async function beforeAll(): Promise<void> {
  if (process.env['PARAMSCOPE_LAUNCH']) return;
  const electron = await testElectron(ROOT);
  if (typeof electron === 'object') process.env['PARAMSCOPE_LAUNCH'] = electron.launch;
}
