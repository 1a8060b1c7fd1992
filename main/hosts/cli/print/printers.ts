/** One printer for every verb of the contract. */
import { diffPrinter } from '#main/hosts/cli/print/diff.ts';
import { duplicatesPrinter } from '#main/hosts/cli/print/duplicates.ts';
import { histPrinter } from '#main/hosts/cli/print/hist.ts';
import { lsPrinter } from '#main/hosts/cli/print/ls.ts';
import type { Printer } from '#main/hosts/cli/print/printer.ts';
import { profilePrinter } from '#main/hosts/cli/print/profile.ts';
import { provePrinter } from '#main/hosts/cli/print/prove.ts';
import { restorePrinter } from '#main/hosts/cli/print/restore.ts';
import { showPrinter } from '#main/hosts/cli/print/show.ts';
import { statPrinter } from '#main/hosts/cli/print/stat.ts';
import { trainPrinter } from '#main/hosts/cli/print/train.ts';
import { verifyPrinter } from '#main/hosts/cli/print/verify.ts';
import { xrayPrinter } from '#main/hosts/cli/print/xray.ts';
import type { CommandName } from '#shared/commands/commands.ts';

export const PRINTERS: { readonly [Name in CommandName]?: Printer<Name> } = {
  'checkpoint.open': lsPrinter,
  'checkpoint.summarize': statPrinter,
  'checkpoint.find-duplicates': duplicatesPrinter,
  'checkpoint.verify': verifyPrinter,
  'checkpoint.xray': xrayPrinter,
  'tensor.histogram': histPrinter,
  'tensor.profile': profilePrinter,
  'tensor.values': showPrinter,
  'checkpoint.compare': diffPrinter,
  'restore.reproduce': restorePrinter,
  'run.train': trainPrinter,
  'run.prove': provePrinter,
};
