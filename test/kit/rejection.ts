import { AppError, toWire, type WireError } from '#shared/errors.ts';

/** The error that a call ends in, as data. Anything but an AppError, and success, fail the test. */
export async function rejection(call: Promise<unknown>): Promise<WireError> {
  let value: unknown;
  try {
    value = await call;
  } catch (error) {
    if (error instanceof AppError) return toWire(error);
    throw error;
  }
  throw new Error(`expected a rejection, got ${String(value)}`);
}
