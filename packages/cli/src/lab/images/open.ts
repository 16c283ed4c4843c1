import type { Model } from '@tricklab/core'
import { listPlugins, type Plugin } from '@tricklab/core/plugin'
import type { NormalizedBatchSource } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { forSingleImages, loadTrainedModel, type Manifest, openRun } from '@tricklab/repro'
import { openBatches, type ProgressSink } from '@tricklab/train'
import type { Command } from 'commander'
import { type EngineArguments, engineChoice, engineHelp } from '../../options/arguments.ts'
import { addDataOption, addWeightsOptions, type DataArguments, type WeightsArguments } from '../../options/options.ts'
import { outFile } from '../../ui/out-file.ts'
import { chooseImages } from './chosen.ts'

/** What commands take that look at images through a trained model. */
export interface LookArguments extends EngineArguments, WeightsArguments, DataArguments {
  readonly out?: string
  readonly json?: boolean
}

/** Adds the options of commands that look at images through a trained model; `page` is the name of their page. */
export function addLookOptions(command: Command, page: string): Command {
  addWeightsOptions(command).option('--engine <name>', engineHelp, 'auto')
  return addDataOption(command)
    .option('--out <file>', `file for the page; default: ${page}`, outFile)
    .option('--json', 'one JSON object with every map on standard output')
}

/** A trained model, and images as its validation split, one a batch. */
export interface OpenedModel {
  readonly manifest: Manifest
  readonly seed: number
  readonly model: Model
  readonly source: NormalizedBatchSource
  dispose(): Promise<void>
}

/**
 * Opens the model of a run on images: files, or indices of its validation split.
 * @param options.plugins what to make of the table's plugins, for those who look inside blocks
 * @param options.check refuses a model before its weights are read
 * @errors all of `openRun` and `loadTrainedModel`; E_ARGUMENT for images that are not there
 */
export async function openOnImages(
  run: string,
  images: readonly string[],
  given: LookArguments,
  options: {
    readonly progress: ProgressSink
    readonly plugins?: (plugins: readonly Plugin[]) => readonly Plugin[]
    readonly check?: (model: Model, manifest: Manifest) => void
  },
): Promise<OpenedModel> {
  const opened = await openRun(run, given.table)
  const { manifest } = opened.record
  const { progress, plugins, check = () => {} } = options
  await prepareEngine(...engineChoice(given))
  const services = { dataPaths: given.data ?? [], progress }
  const trained = await loadTrainedModel(opened, {
    ...services,
    seed: given.seed,
    plugins: plugins?.(listPlugins(opened.row.table.plugins)),
    async weights(model) {
      check(model, manifest)
    },
  })
  const { model, row, seed } = trained
  const single = forSingleImages(row, trained.normalization)
  const dataset = await chooseImages({ ...trained, row: single }, images, () => trained.openDataset(services))
  const source = await openBatches(single, { ...trained, dataset, limits: {}, progress })
  return {
    manifest,
    seed,
    model,
    source,
    async dispose() {
      model.dispose()
      await source.dispose?.()
    },
  }
}
