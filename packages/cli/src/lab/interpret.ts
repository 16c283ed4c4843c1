import path from 'node:path'
import { writeFileAtomic } from '@tricklab/core/files'
import { encodePng, toRgb } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { type Interpretation, interpretRun, openRun, renderInterpretation, type ShownMistake } from '@tricklab/repro'
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
import { outFile } from '../ui/out-file.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { dataUri } from './images/data-uri.ts'
import { addPredictorOptions, choosePredictor, type PredictorArguments } from './predictor.ts'

interface InterpretArguments extends PredictorArguments, WeightsArguments, RunEngineArguments, DataArguments {
  readonly worst: number
  readonly out?: string
  readonly json?: boolean
}

/** Declares `lab interpret`. */
export function addInterpret(program: Command): void {
  const command = program
    .command('interpret')
    .description(
      'write a page of where a trained network errs: confusion matrix, scores by class, calibration, worst images',
    )
    .argument('<run>', 'run folder, with weights')
    .option('--worst <n>', 'how many images with the greatest loss to draw', wholeNumber('--worst', 0), 12)
  addPredictorOptions(command)
  addWeightsOptions(command)
  addRunEngineOptions(command)
  addDataOption(command).option('--out <file>', 'file for the page; default: TABLE-ROW-interpretation.html', outFile)
  addJsonOption(command).action((run: string, options: InterpretArguments) => interpret(run, options))
}

/** `pnpm lab interpret RUN`: where a trained network errs, as a page. */
async function interpret(run: string, given: InterpretArguments): Promise<void> {
  const opened = await openRun(run, given.table)
  const { predictor, plugins } = choosePredictor(opened.row, given)
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    const { name, threads, precision } = opened.record.manifest.engine
    const [engine, options] = engineChoice({ engine: name, precision, threads, ...given })
    await prepareEngine(engine, { ...options, onNotice: notice })
    const { seed, worst, data: dataPaths = [] } = given
    const wanted = { seed, worst, predictor, plugins, dataPaths, progress: view.sink, signal }
    const found = await interpretRun(opened, wanted)
    const file = path.resolve(given.out ?? `${found.table}-${found.row}-interpretation.html`)
    await writeFileAtomic(file, [renderInterpretation(found, pictures(found))])
    view.close()
    process.stdout.write(
      given.json === true ? `${JSON.stringify(summarize(found, file))}\n` : `Interpretation: ${file}\n`,
    )
  } finally {
    view.close()
  }
}

const pictures =
  ({ imageShape, normalization }: Interpretation) =>
  ({ values }: ShownMistake): string => {
    const [height, width, channels] = imageShape
    return dataUri(encodePng(toRgb(values, channels!, normalization), width!, height!, 3))
  }

/** Everything but the pixels. */
const summarize = ({ worst, normalization: _, imageShape: __, ...found }: Interpretation, page: string) => ({
  ...found,
  worst: worst.map(({ values: _values, ...mistake }) => mistake),
  page,
})
