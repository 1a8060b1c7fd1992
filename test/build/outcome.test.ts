import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { playwrightOutcome, single, skipped, total, vitestOutcome } from '#build/outcome.mjs';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'paramscope-outcome-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reportFile(report: unknown): string {
  const path = join(folder, 'report.json');
  writeFileSync(path, JSON.stringify(report));
  return path;
}

const counts = ({ passed, failed, skipped: left }: { passed: number; failed: number; skipped: number }) => [
  passed,
  failed,
  left,
];

describe('a vitest report', () => {
  const file = (name: string, statuses: readonly string[], message = '') => ({
    name: `/work/test/${name}`,
    status: statuses.includes('failed') || message ? 'failed' : 'passed',
    message,
    assertionResults: statuses.map((status, index) => ({
      status,
      fullName: `case ${index}`,
      failureMessages: status === 'failed' ? ['expected 1 to be 2\n    at a.test.ts:3', 'too slow'] : [],
    })),
  });
  const report = (change: object) => ({
    numPassedTests: 2,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...change,
  });

  test('counts cases and tells which failed and why', () => {
    const path = reportFile(
      report({
        numFailedTests: 1,
        numPendingTests: 3,
        testResults: [file('a.test.ts', ['passed', 'failed'])],
      }),
    );
    const outcome = vitestOutcome(path, 1);
    expect(counts(outcome)).toEqual([2, 1, 3]);
    expect(outcome.lines[0]).toBe(
      'FAILED: test/a.test.ts > case 1\n  expected 1 to be 2\n      at a.test.ts:3\n  too slow',
    );
    expect(outcome.lines[1]).toMatch(/^SKIPPED: 3 tests/);
  });

  test('shows only the beginning of what is long', () => {
    const long = {
      name: '/work/test/a.test.ts',
      status: 'failed',
      assertionResults: [{ status: 'failed', fullName: 'case', failureMessages: ['x\n'.repeat(99)] }],
    };
    const outcome = vitestOutcome(reportFile(report({ numFailedTests: 1, testResults: [long] })), 1);
    expect(outcome.lines[0]?.split('\n')).toHaveLength(1 + 14);
  });

  test('counts a file that does not load as a failure', () => {
    const outcome = vitestOutcome(
      reportFile(report({ testResults: [file('b.test.ts', [], 'no such module\n  at …')] })),
      1,
    );
    expect([counts(outcome), outcome.lines]).toEqual([[2, 1, 0], ['FAILED: test/b.test.ts: no such module']]);
  });

  test('is not believed where the runner failed without a failed case', () => {
    expect(counts(vitestOutcome(reportFile(report({})), 1))).toEqual([2, 1, 0]);
  });

  test('that is missing is a failure', () => {
    expect(counts(vitestOutcome(join(folder, 'none.json'), 0))).toEqual([0, 1, 0]);
  });
});

describe('a Playwright report', () => {
  const spec = (title: string, ...statuses: string[]) => ({
    title,
    file: 'open.spec.ts',
    tests: statuses.map((status) => ({
      projectName: 'serve',
      status,
      annotations: [{ type: 'skip', description: 'no display' }],
      results: [{ errors: status === 'unexpected' ? [{ message: '\u001B[31mno alert\u001B[39m' }] : [] }],
    })),
  });

  test('counts cases in nested suites; what passed only at a second try has failed', () => {
    const report = {
      suites: [
        {
          specs: [spec('a', 'expected')],
          suites: [{ specs: [spec('b', 'unexpected'), spec('c', 'flaky', 'skipped')] }],
        },
      ],
    };
    const outcome = playwrightOutcome(reportFile(report), 1);
    expect(counts(outcome)).toEqual([1, 2, 1]);
    expect(outcome.lines).toEqual([
      'FAILED: [serve] open.spec.ts > b\n  no alert',
      'FAILED: [serve] open.spec.ts > c (passed at the second try)',
      'SKIPPED: [serve] open.spec.ts > c: no display',
    ]);
  });

  test('without cases but with an error is a failure', () => {
    const outcome = playwrightOutcome(
      reportFile({ suites: [], errors: [{ message: 'no tests found\nmore' }] }),
      1,
    );
    expect([counts(outcome), outcome.lines]).toEqual([
      [0, 1, 0],
      ['FAILED: playwright ended with exit 1 no tests found'],
    ]);
  });
});

test('parts that count as one, parts that could not run, and their sum', () => {
  const outcomes = [
    single(true, ''),
    single(false, 'lint'),
    skipped('no browser'),
    { passed: 5, failed: 1, skipped: 2, lines: [] },
  ];
  expect(total(outcomes)).toEqual({ passed: 6, failed: 2, skipped: 3 });
  expect(skipped('no browser').lines).toEqual(['SKIPPED: no browser']);
});
