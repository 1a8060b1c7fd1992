/** Every command and what answers it; the compiler demands a line for each entry of the contract. */
import * as checkpoint from '#main/commands/checkpoint.ts';
import * as file from '#main/commands/file.ts';
import type { Handler } from '#main/commands/handler.ts';
import * as run from '#main/commands/run.ts';
import * as settings from '#main/commands/settings.ts';
import * as tensor from '#main/commands/tensor.ts';
import type { CommandName } from '#shared/commands/commands.ts';

export const HANDLERS: { readonly [Name in CommandName]: Handler<Name> } = {
  'checkpoint.open': checkpoint.openCommand,
  'checkpoint.close': checkpoint.closeCommand,
  'checkpoint.parts': checkpoint.partsCommand,
  'checkpoint.summarize': checkpoint.summarizeCommand,
  'checkpoint.compare': checkpoint.compareCommand,
  'checkpoint.verify': checkpoint.verifyCommand,
  'checkpoint.xray': checkpoint.xrayCommand,
  'checkpoint.find-duplicates': checkpoint.findDuplicatesCommand,
  'checkpoint.find-non-finite': checkpoint.findNonFiniteCommand,
  'checkpoint.save': checkpoint.saveCommand,
  'tensor.summary': tensor.summaryCommand,
  'tensor.histogram': tensor.histogramCommand,
  'tensor.values': tensor.valuesCommand,
  'tensor.heat-map': tensor.heatMapCommand,
  'tensor.profile': tensor.profileCommand,
  'tensor.singular-values': tensor.singularValuesCommand,
  'tensor.pair': tensor.pairCommand,
  'run.start': run.startCommand,
  'run.watch': run.watchCommand,
  'run.pause': run.pauseCommand,
  'run.resume': run.resumeCommand,
  'run.stop': run.stopCommand,
  'run.save': run.saveNowCommand,
  'run.rename': run.renameCommand,
  'run.pin': run.pinCommand,
  'run.delete': run.deleteCommand,
  'run.list': run.listCommand,
  'run.network': run.networkCommand,
  'run.checkpoint-file': run.checkpointFileCommand,
  'run.verify': run.verifyCommand,
  'run.prove': run.proveCommand,
  'run.train': run.trainCommand,
  'run.drill': run.drillCommand,
  'restore.reproduce': run.reproduceCommand,
  'file.recent': file.recentCommand,
  'file.forget': file.forgetCommand,
  'file.roots': file.rootsCommand,
  'file.list': file.listCommand,
  'file.sample': file.sampleCommand,
  'format.list': file.formatsCommand,
  'app.watch': file.watchAppCommand,
  'settings.get': settings.getSettingsCommand,
  'settings.set': settings.setSettingsCommand,
};
