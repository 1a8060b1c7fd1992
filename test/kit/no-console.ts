import { afterEach, beforeEach, expect, vi } from 'vitest';

/** Output on the console is a finding: every test fails that leaves some. */
const METHODS = ['log', 'warn', 'error', 'info', 'debug'] as const;

beforeEach(() => {
  for (const method of METHODS) vi.spyOn(console, method).mockImplementation(() => {});
});

afterEach(() => {
  for (const method of METHODS) {
    const calls = vi.mocked(console[method]).mock.calls;
    vi.mocked(console[method]).mockRestore();
    expect(calls, `console.${method} was called`).toEqual([]);
  }
});
