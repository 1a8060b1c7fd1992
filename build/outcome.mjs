// Counts what the test runners found, from the reports they leave.
import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

/** Enough to see what was expected and found; the rest is in the runner's own output. */
const REASON_LINES = 14;

/**
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} lines what to show: failures by name with what was said of them, reasons of skips
 */

/** A part that counts as one. @param {boolean} isGood @param {string} complaint @returns {Outcome} */
export function single(isGood, complaint) {
  return isGood
    ? { passed: 1, failed: 0, skipped: 0, lines: [] }
    : { passed: 0, failed: 1, skipped: 0, lines: [complaint] };
}

/** A part that could not run. @param {string} reason @returns {Outcome} */
export function skipped(reason) {
  return { passed: 0, failed: 0, skipped: 1, lines: [`SKIPPED: ${reason}`] };
}

/** @param {Iterable<Outcome>} outcomes */
export function total(outcomes) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped: left } of outcomes) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += left;
  }
  return sum;
}

/**
 * Reads vitest's JSON report. A run that failed without a failed test (a file that does not load) counts as a failure.
 * @param {string} path @param {number} code of the runner @returns {Outcome}
 */
export function vitestOutcome(path, code) {
  if (!existsSync(path)) return single(false, `vitest left no report (exit ${code})`);
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const lines = [];
  let failed = report.numFailedTests;
  for (const file of report.testResults) {
    const names = file.assertionResults.filter((/** @type {any} */ test) => test.status === 'failed');
    for (const test of names)
      lines.push(`FAILED: ${shortPath(file.name)} > ${test.fullName}${reasons(test.failureMessages)}`);
    if (file.status === 'failed' && names.length === 0) {
      failed += 1;
      lines.push(`FAILED: ${shortPath(file.name)}: ${firstLine(file.message)}`);
    }
  }
  if (code !== 0 && failed === 0) {
    failed = 1;
    lines.push(`FAILED: vitest ended with exit ${code}`);
  }
  const left = report.numPendingTests + report.numTodoTests;
  if (left > 0) lines.push(`SKIPPED: ${left} tests; most need the frameworks' own files in ../shared`);
  return { passed: report.numPassedTests, failed, skipped: left, lines };
}

/** Reads Playwright's JSON report. @param {string} path @param {number} code @returns {Outcome} */
export function playwrightOutcome(path, code) {
  if (!existsSync(path)) return single(false, `playwright left no report (exit ${code})`);
  const report = JSON.parse(readFileSync(path, 'utf8'));
  /** @type {string[]} */
  const lines = [];
  const outcome = { passed: 0, failed: 0, skipped: 0, lines };
  /** @param {any} suite */
  const visit = (suite) => {
    for (const child of suite.suites ?? []) visit(child);
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        const name = `[${test.projectName}] ${spec.file} > ${spec.title}`;
        if (test.status === 'skipped') {
          outcome.skipped += 1;
          lines.push(
            `SKIPPED: ${name}: ${test.annotations.map((/** @type {any} */ a) => a.description).join(' ')}`,
          );
        } else if (test.status === 'expected') outcome.passed += 1;
        else {
          outcome.failed += 1;
          const found = test.results.flatMap((/** @type {any} */ result) => result.errors);
          const second = test.status === 'flaky' ? ' (passed at the second try)' : '';
          lines.push(
            `FAILED: ${name}${second}${reasons(found.map((/** @type {any} */ error) => error.message))}`,
          );
        }
      }
    }
  };
  visit(report);
  if (code !== 0 && outcome.failed === 0) {
    outcome.failed = 1;
    const errors = (report.errors ?? []).map((/** @type {any} */ error) => firstLine(error.message));
    lines.push(`FAILED: playwright ended with exit ${code} ${errors.join('; ')}`);
  }
  return outcome;
}

/** @param {string} path */
const shortPath = (path) => path.replace(/^.*\/test\//, 'test/');

/** What a runner said of one failed case, each indented below its name. @param {readonly string[]} messages */
function reasons(messages) {
  const lines = messages.flatMap((message) =>
    stripVTControlCharacters(message).trimEnd().split('\n').slice(0, REASON_LINES),
  );
  return lines.map((line) => `\n  ${line}`).join('');
}

/** @param {string | undefined} text */
const firstLine = (text) => (text ?? '').split('\n')[0] ?? '';
