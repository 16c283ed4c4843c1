import { prepareEngine } from '@tricklab/engine'
import { forSingleImages, loadModel, openRun, type Prediction } from '@tricklab/repro'
import { describeRow } from '@tricklab/train'
import type { Command } from 'commander'
import { engineChoice, wholeNumber } from '../options/arguments.ts'
import {
  addDataOption,
  addJsonOption,
  addRunEngineOptions,
  addWeightsOptions,
  type DataArguments,
  type RunEngineArguments,
  type WeightsArguments,
} from '../options/options.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { chooseImages } from './images/chosen.ts'
import { addPredictorOptions, choosePredictor, type PredictorArguments } from './predictor.ts'

interface PredictArguments extends PredictorArguments, WeightsArguments, RunEngineArguments, DataArguments {
  readonly top: number
  readonly json?: boolean
}

/** Declares `lab predict`. */
export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('print the likeliest classes of images with their probabilities')
    .argument('<run>', 'run folder, with weights')
    .argument('<images...>', 'image files, or numbers of validation images')
    .option('--top <n>', 'how many classes to print for an image, the likeliest first', wholeNumber('--top', 1), 3)
  addPredictorOptions(command)
  addWeightsOptions(command)
  addRunEngineOptions(command)
  addDataOption(command)
  addJsonOption(command).action((run: string, images: string[], options: PredictArguments) =>
    predict(run, images, options),
  )
}

/** `pnpm lab predict RUN IMAGE…`: the likeliest classes of images. */
async function predict(run: string, images: readonly string[], given: PredictArguments): Promise<void> {
  const { row, record } = await openRun(run, given.table)
  const { predictor, plugins } = choosePredictor(row, given)
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const services = { dataPaths: given.data ?? [], progress: view.sink, signal: stopSignal(notice) }
  try {
    const { name, threads, precision } = record.manifest.engine
    const [engine, options] = engineChoice({ engine: name, precision, threads, ...given })
    await prepareEngine(engine, { ...options, onNotice: notice })
    const { seed, table } = given
    const model = await loadModel(run, { ...services, seed, table, predictor, plugins })
    const single = forSingleImages(row, model.normalization)
    const described = describeRow(single, services)
    const dataset = await chooseImages(described, images, () => described.openDataset(services))
    const predictions: (Prediction & { readonly image: string })[] = []
    for await (const prediction of model.predictSplit(dataset)) {
      predictions.push({ image: images[predictions.length]!, ...prediction })
    }
    view.close()
    const found = predictions.map(({ image, ranked }) => ({ image, classes: ranked.slice(0, given.top) }))
    const { manifest } = record
    const head = {
      table: manifest.table,
      row: manifest.row,
      seed: model.seed,
      predictor: predictor ?? row.recipe.predictor ?? null,
    }
    process.stdout.write(given.json === true ? `${JSON.stringify({ ...head, images: found })}\n` : formatAll(found))
    model.dispose()
    dataset.dispose?.()
  } finally {
    view.close()
  }
}

type Found = { readonly image: string; readonly classes: Prediction['ranked'] }

const formatAll = (all: readonly Found[]): string =>
  all
    .map(({ image, classes }) => {
      const lines = classes.map(({ name, probability }) => `${(100 * probability).toFixed(1).padStart(7)} %  ${name}\n`)
      return `${image}\n${lines.join('')}`
    })
    .join('')
