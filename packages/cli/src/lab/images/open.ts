import path from 'node:path'
import { createModel, createRegistry, createRng, listPlugins, type Model, type Plugin } from '@tricklab/core'
import type { NormalizedBatchSource } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import {
  forSingleImages,
  loadWeights,
  type Manifest,
  openDataset,
  openRun,
  openSource,
  type ProgressSink,
} from '@tricklab/repro'
import type { Command } from 'commander'
import { type EngineArguments, engineChoice, engineHelp } from '../../repro/arguments.ts'
import { addDataOption, addWeightsOptions, type DataArguments, type WeightsArguments } from '../../repro/options.ts'
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
 * @errors all of `openRun` and `loadWeights`; E_ARGUMENT for images that are not there
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
  const { manifest, logs } = opened.record
  const row = forSingleImages(opened.row)
  const seed = given.seed ?? logs.find(({ end }) => end !== null)?.seed ?? manifest.seeds[0]!
  await prepareEngine(...engineChoice(given))
  const { progress, plugins = (own) => own, check = () => {} } = options
  const { signal } = new AbortController()
  const dataset = await chooseImages(row, images, () =>
    openDataset(row, { dataPaths: given.data ?? [], progress, signal }),
  )
  const source = await openSource(row, {}, dataset, createRng(seed), { progress })
  const { imageShape, classes } = source
  const init = createRng(seed).scope('init')
  const registry = createRegistry(plugins(listPlugins(row.table.plugins)))
  const model = createModel(registry, row.recipe.model, { imageShape, classes: classes.length, init })
  check(model, manifest)
  const known = logs.find((log) => log.seed === seed)?.end?.weights
  await loadWeights(model, path.join(run, `seed-${seed}.safetensors`), known)
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
