// Runs a command to its end, with its output in a file or on screen, and never for longer than it may take.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/**
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {Record<string, string | undefined>} [env] added to the environment
 * @property {string} [log] file that takes the output; on screen without one
 * @property {number} [seconds] after which the command and its children are ended
 * @property {boolean} [isQuiet] output goes nowhere
 */

/**
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {CommandOptions} [options]
 * @returns {Promise<{ code: number, isTimedOut: boolean }>} code 127 where the command could not be started
 */
export function runCommand(command, parameters, options = {}) {
  const log = options.log ? openSync(options.log, 'w') : undefined;
  const output = options.isQuiet ? 'ignore' : (log ?? 'inherit');
  // a group of its own, so that a time-out ends the children too
  const isGroup = process.platform !== 'win32' && options.seconds !== undefined;
  const child = spawn(command, parameters, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', output, output],
    detached: isGroup,
    shell: process.platform === 'win32' && command === 'npm',
  });
  let isTimedOut = false;
  const timer =
    options.seconds === undefined
      ? undefined
      : setTimeout(() => {
          isTimedOut = true;
          endGroup(child, isGroup);
        }, options.seconds * 1000);
  return new Promise((resolve) => {
    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(timer);
      if (log !== undefined) closeSync(log);
      resolve({ code, isTimedOut });
    };
    child.once('error', () => finish(127));
    child.once('exit', (code) => finish(code ?? 1));
  });
}

/** @param {import('node:child_process').ChildProcess} child @param {boolean} isGroup */
function endGroup(child, isGroup) {
  try {
    if (isGroup && child.pid) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // it ended by itself in this very moment
  }
}
