// `npm test`: everything that is checked, from a fresh clone to one line with the counts.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

import { appFolder, packageFolder } from './app-folders.mjs';
import { runCommand } from './command.mjs';
import { needsInstall } from './freshness.mjs';
import { chromiumPath, commandPath, installSystemPackages, testElectron } from './machine.mjs';
import { playwrightOutcome, single, skipped, total, vitestOutcome } from './outcome.mjs';
import { processes } from './processes.mjs';
import { runParts } from './schedule.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'test-results');
const hasShared = existsSync(join(root, '..', 'shared'));
const started = Date.now();

/** Reports for machines, output for people: one file each. @param {string} name */
const resultPath = (name) => join(results, name);

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/** @param {string} name of a package's command */
const tool = (name) => join(root, 'node_modules', '.bin', name);

const CODE = '{shared,main,renderer,build,test}/**/*.{ts,vue,mjs,css,html}';

const QUIET = { CI: '1', NO_COLOR: '1', FORCE_COLOR: undefined };

/** What the machine offers, once it is known. @type {{ system?: string | undefined, electron?: import('./machine.mjs').TestElectron | string }} */
const machine = {};

/**
 * A part that counts as one: it ends well or it does not.
 * @param {string} name @param {string} command @param {readonly string[]} parameters @param {number} seconds
 * @param {Record<string, string | undefined>} [env]
 * @returns {Promise<Outcome>}
 */
async function check(name, command, parameters, seconds, env = {}) {
  const log = resultPath(`${name}.log`);
  const { code, isTimedOut } = await runCommand(command, parameters, {
    cwd: root,
    log,
    seconds,
    env: { ...QUIET, ...env },
  });
  const why = isTimedOut ? `took longer than ${seconds} s` : `ended with exit ${code}`;
  return single(code === 0, `FAILED: ${name} ${why}; the end of ${log}:\n${tail(log)}`);
}

/** @param {string} path */
function tail(path) {
  const text = stripVTControlCharacters(readFileSync(path, 'utf8'));
  return text.trimEnd().split('\n').slice(-25).join('\n');
}

/** @returns {Promise<Outcome>} */
async function unit() {
  const report = resultPath('unit.json');
  const parameters = [
    'run',
    '--config',
    'build/vitest.config.mjs',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const options = { cwd: root, log: resultPath('unit.log'), seconds: 480, env: QUIET };
  const { code } = await runCommand(tool('vitest'), parameters, options);
  return vitestOutcome(report, code);
}

/** @returns {Promise<Outcome>} */
async function prepareMachine() {
  machine.system = await installSystemPackages(resultPath('system-packages.log'));
  machine.electron = await testElectron(root);
  return { passed: 0, failed: 0, skipped: 0, lines: [] };
}

/** @returns {Promise<Outcome>} */
async function packageApp() {
  if (typeof machine.electron !== 'object') return skipped(`packaging: ${machine.electron}`);
  return check('package', process.execPath, ['build/package.mjs', '--test'], 120, {
    PARAMSCOPE_ELECTRON_DIST: machine.electron.dist,
  });
}

/** @param {'electron' | 'serve'} host @returns {Promise<Outcome>} */
async function journeys(host) {
  const obstacle = host === 'electron' ? electronObstacle() : chromiumObstacle();
  if (obstacle) return skipped(`journeys in ${host}: ${obstacle}`);
  const report = resultPath(`journeys-${host}.json`);
  const parameters = ['test', '--config', 'build/playwright.config.ts', `--project=${host}`];
  const isHeadless = host === 'electron' && process.platform === 'linux';
  const [command, all] = isHeadless
    ? ['xvfb-run', ['-a', '-s', '-screen 0 1600x1200x24', tool('playwright'), ...parameters]]
    : [tool('playwright'), parameters];
  const env = {
    ...QUIET,
    PARAMSCOPE_JOURNEYS_REPORT: report,
    PARAMSCOPE_CHROMIUM: chromiumPath(),
    PARAMSCOPE_LAUNCH: typeof machine.electron === 'object' ? machine.electron.launch : undefined,
  };
  const { code } = await runCommand(command, all, {
    cwd: root,
    log: resultPath(`journeys-${host}.log`),
    seconds: 300,
    env,
  });
  return playwrightOutcome(report, code);
}

function electronObstacle() {
  if (typeof machine.electron !== 'object') return machine.electron;
  if (process.platform === 'linux' && !commandPath('xvfb-run'))
    return machine.system ?? 'xvfb-run is not installed';
  return existsSync(appFolder('test', root)) ? undefined : 'the app was not packaged';
}

function chromiumObstacle() {
  if (!chromiumPath()) return machine.system ?? 'no Chromium; name one in PARAMSCOPE_CHROMIUM';
  return existsSync(join(root, 'dist', 'paramscope.cjs')) ? undefined : 'the app was not built';
}

/** Says how a part ended as soon as it has. @param {string} name @param {() => Promise<Outcome>} run */
function announced(name, run) {
  return async () => {
    const began = Date.now();
    const outcome = await run();
    const counts = [`${outcome.passed} passed`];
    if (outcome.failed) counts.push(`${outcome.failed} failed`);
    if (outcome.skipped) counts.push(`${outcome.skipped} skipped`);
    say(`${name}: ${counts.join(', ')} (${((Date.now() - began) / 1000).toFixed(0)} s)`);
    for (const line of outcome.lines) say(`  ${line.replaceAll('\n', '\n  ')}`);
    return outcome;
  };
}

/** @param {string} name @param {number} cores @param {readonly string[]} after @param {() => Promise<Outcome>} run */
const part = (name, cores, after, run) => ({ name, cores, after, run: announced(name, run) });

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
/** @type {Outcome[]} */
const outcomes = [];
if (needsInstall(root)) {
  say('installing packages (npm ci)');
  outcomes.push(await check('npm-ci', 'npm', ['ci', '--no-audit', '--no-fund'], 600));
}
if (outcomes.every((outcome) => outcome.failed === 0)) {
  const parts = [
    part('machine', 0, [], prepareMachine),
    part('build', 1, [], () => check('build', process.execPath, ['build/bundle.mjs'], 180)),
    part('lint', 1, [], () =>
      check('lint', tool('eslint'), ['--config', 'build/eslint.config.mjs', '.'], 300),
    ),
    ...processes.map((name) =>
      part(`types of ${name}`, 1, [], () =>
        check(`types-${name}`, process.execPath, ['build/typecheck.mjs', name], 300),
      ),
    ),
    part('format', 1, [], () =>
      check('format', tool('prettier'), ['--config', 'build/prettier.json', '--check', CODE], 180),
    ),
    part('package', 1, ['machine', 'build'], packageApp),
    part('unit', 2, ['build'], unit),
    part('journeys in electron', 2, ['package'], () => journeys('electron')),
    part('journeys in the browser', 2, ['machine', 'build'], () => journeys('serve')),
  ];
  for (const outcome of (await runParts(parts, Math.max(2, cpus().length))).values()) outcomes.push(outcome);
  rmSync(packageFolder('test', root), { recursive: true, force: true });
} else {
  for (const outcome of outcomes) say(outcome.lines.join('\n'));
}
const { passed, failed, skipped: left } = total(outcomes);
if (left > 0 && hasShared) say('../shared is here, so nothing may be skipped: this run has failed');
say(`took ${((Date.now() - started) / 1000).toFixed(0)} s; details in test-results`);
say(`${passed} passed, ${failed} failed, ${left} skipped`);
process.exitCode = failed > 0 || (left > 0 && hasShared) ? 1 : 0;
