import type { Handler } from '#main/commands/handler.ts';
import { compareCheckpoints } from '#main/services/comparison.ts';
import { verifyCheckpoint } from '#main/services/integrity.ts';
import { findDuplicates } from '#main/services/duplicates.ts';
import { findNonFinite } from '#main/services/non-finite.ts';
import { saveCheckpoint } from '#main/services/saving.ts';
import { pathsUnder } from '#main/services/source-paths.ts';
import { summarizeCheckpoint } from '#main/services/summarize.ts';
import { xrayFile } from '#main/services/xray.ts';

export const openCommand: Handler<'checkpoint.open'> = async ({ checkpoints, files }, { file }) => {
  const { summary } = await checkpoints.open(file);
  files.remember(file);
  return summary;
};

export const closeCommand: Handler<'checkpoint.close'> = ({ checkpoints }, { file }) =>
  checkpoints.closeFile(file);

export const partsCommand: Handler<'checkpoint.parts'> = async ({ checkpoints, files }, { file }) => {
  const { checkpoint } = await checkpoints.open(file);
  return [...pathsUnder(checkpoint.sources)].map((path) => files.idOf(path));
};

export const summarizeCommand: Handler<'checkpoint.summarize'> = async (
  { checkpoints, compute },
  { file, globs, digest, quantiles, failOn, bins, verify },
  { signal, progress },
) =>
  summarizeCheckpoint(await checkpoints.open(file), compute, {
    globs,
    isDigestWanted: digest === true,
    quantiles,
    failOn,
    bins,
    isVerificationWanted: verify === true,
    signal,
    progress,
  });

export const compareCommand: Handler<'checkpoint.compare'> = async (
  { checkpoints, compute },
  { a, b, map, tolerance },
  { signal, progress },
) =>
  compareCheckpoints(await checkpoints.open(a), await checkpoints.open(b), compute, {
    map,
    tolerance,
    signal,
    progress,
  });

export const verifyCommand: Handler<'checkpoint.verify'> = async (
  { checkpoints, compute },
  { file },
  context,
) => verifyCheckpoint(await checkpoints.open(file), compute, context);

export const xrayCommand: Handler<'checkpoint.xray'> = async ({ checkpoints, files }, { file }, { signal }) =>
  xrayFile(checkpoints, files, file, signal);

export const findNonFiniteCommand: Handler<'checkpoint.find-non-finite'> = async (
  { checkpoints, compute },
  { file },
  context,
) => findNonFinite(await checkpoints.open(file), compute, context);

export const findDuplicatesCommand: Handler<'checkpoint.find-duplicates'> = async (
  { checkpoints, compute },
  { file },
  context,
) => findDuplicates(await checkpoints.open(file), compute, context);

export const saveCommand: Handler<'checkpoint.save'> = async (services, params, context) =>
  saveCheckpoint(services, params, context);
