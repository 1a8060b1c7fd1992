/** A tensor that cannot be read is a problem of its own, not the end of a pass over the others. */
import type { Problem } from '#shared/checkpoint.ts';
import { isAppError, type AppError } from '#shared/errors.ts';

/** Neither what the person called off, nor a fault of ours. */
export function isTensorProblem(error: unknown): error is AppError {
  return isAppError(error) && error.code !== 'cancelled' && error.code !== 'internal';
}

function problemOf({ code, message, fields }: AppError, tensor: string): Problem {
  const { offset } = fields;
  return { code, message, tensor, ...(offset === undefined ? {} : { offset }) };
}

/** @returns undefined where the tensor cannot be read, which is then among the problems. */
export async function orProblem<Result>(
  tensor: string,
  problems: Problem[],
  read: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isTensorProblem(error)) throw error;
    problems.push(problemOf(error, tensor));
    return undefined;
  }
}
