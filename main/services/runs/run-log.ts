import * as z from 'zod/mini';

import { linesOf } from '#main/bytes/line-log.ts';
import { readNumber } from '#main/trainer/checkpoint-content.ts';
import type { LoggedEvent } from '#main/services/runs/run-history.ts';

/** We write 64; a log that says it has millions is none of ours. */
const MOST_BINS = 1024;

/** JSON has no NaN: it is spelt. */
const figure = z.pipe(
  z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]),
  z.transform((value) => readNumber(value)!),
);
const step = z.int().check(z.gte(0));
const scores = z.object({ loss: figure, accuracy: z.optional(figure) });

const histogram = z
  .object({
    range: z.tuple([z.number(), z.number()]),
    counts: z.array(step).check(z.minLength(1), z.maxLength(MOST_BINS)),
    nan: step,
    positiveInfinity: step,
    negativeInfinity: step,
  })
  .check(z.refine(({ range }) => range[0] <= range[1]));

const EVENT = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('step'),
    step,
    epoch: step,
    loss: figure,
    accuracy: z.optional(figure),
    validation: z.optional(scores),
  }),
  z.object({
    event: z.literal('checkpoint'),
    step,
    file: z.string(),
    sha256: z.string(),
    byteLength: step,
    score: z.optional(figure),
    previous: z.optional(z.string()),
    memory: z.optional(
      z.object({
        tensors: z.record(z.string(), z.string()),
        histograms: z.optional(z.record(z.string(), histogram)),
        probe: z.object({ shape: z.tuple([step, step]), dtype: z.string(), base64: z.string() }),
      }),
    ),
  }),
  z.object({ event: z.literal('pinned'), step, file: z.string(), isPinned: z.boolean() }),
  z.object({ event: z.literal('kept'), step, file: z.string(), reasons: z.array(z.string()) }),
  z.object({ event: z.literal('dropped'), step, file: z.string(), reason: z.string() }),
  z.object({ event: z.literal('resumed'), step, file: z.optional(z.string()) }),
  z.object({
    event: z.literal('problem'),
    step,
    code: z.string(),
    message: z.string(),
    file: z.optional(z.string()),
    hint: z.optional(z.string()),
  }),
  z.object({
    event: z.literal('done'),
    step,
    state: z.enum(['finished', 'stopped', 'failed']),
    validation: z.optional(scores),
    problems: step,
  }),
]);

/** The events of a run's log. Lines that are none, such as one cut short by a power cut, are left out. */
export function parseRunLog(text: string): readonly LoggedEvent[] {
  const events: LoggedEvent[] = [];
  for (const line of linesOf(text)) {
    const event = parseLine(line);
    if (event) events.push(event);
  }
  return events;
}

function parseLine(line: string): LoggedEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // half a line is what a power cut leaves behind
    return undefined;
  }
  const parsed = z.safeParse(EVENT, value);
  return parsed.success ? (parsed.data as LoggedEvent) : undefined;
}
