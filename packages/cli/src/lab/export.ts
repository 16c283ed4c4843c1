import path from 'node:path'
import { fail, listParams } from '@tricklab/core'
import { encodeSafetensors, type StoredTensors, storeTensors } from '@tricklab/core/checkpoint'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import { prepareEngine } from '@tricklab/engine'
import { type ExportMetadata, exportOnnx, exportTfjs, toPublished } from '@tricklab/nn'
import { loadTrainedModel, openRun, type TrainedModel } from '@tricklab/repro'
import type { Command } from 'commander'
import { engineHelp } from '../options/arguments.ts'
import {
  addDataOption,
  addJsonOption,
  addWeightsOptions,
  type DataArguments,
  type WeightsArguments,
} from '../options/options.ts'
import { outFile, outPath } from '../ui/out-file.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

interface ExportArguments extends WeightsArguments, DataArguments {
  readonly format: string
  readonly names?: string
  readonly engine: string
  readonly out?: string
  readonly json?: boolean
}

const formats = { safetensors: '.safetensors', onnx: '.onnx', tfjs: '-tfjs' } as const
type Format = keyof typeof formats

/** Declares `lab export`. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write the trained network of a run for other programs: its weights or the whole network')
    .argument('<run>', 'run folder, with weights')
    .requiredOption('--format <name>', 'safetensors (weights), onnx or tfjs (a graph model of TensorFlow.js)')
    .option(
      '--names <whose>',
      "safetensors: published (timm's names, PyTorch's layout) or own; default: published where every parameter has such a name",
    )
  addWeightsOptions(command).option('--engine <name>', engineHelp, 'auto')
  addDataOption(command).option(
    '--out <path>',
    'file, or folder for tfjs; default: TABLE-ROW-seed-N with the ending of the format',
    outPath,
  )
  addJsonOption(command).action((run: string, options: ExportArguments) => exportRun(run, options))
}

/** `pnpm lab export RUN`: the trained network of a run for other programs. */
async function exportRun(run: string, given: ExportArguments): Promise<void> {
  const format = chooseOf('--format', Object.keys(formats) as Format[], given.format)
  const names = given.names === undefined ? undefined : chooseOf('--names', ['published', 'own'] as const, given.names)
  if (format !== 'tfjs' && given.out !== undefined) outFile(given.out)
  const opened = await openRun(run, given.table)
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    await prepareEngine(given.engine as 'auto', { onNotice: notice })
    const { seed, data = [] } = given
    const trained = await loadTrainedModel(opened, { seed, dataPaths: data, progress: view.sink, signal })
    try {
      const { table, row } = opened.record.manifest
      const base = `${table}-${row}-seed-${trained.seed}`
      const place = path.resolve(given.out ?? `${base}${formats[format]}`)
      const metadata = describe(`${table}/${row}`, trained)
      const files =
        format === 'safetensors'
          ? await writeSafetensors(place, trained, { names, metadata, notice })
          : await writeGraph(place, format, trained, metadata)
      view.close()
      process.stderr.write(`${files.map((file) => `Exported: ${file}`).join('\n')}\n`)
      if (given.json === true) process.stdout.write(`${JSON.stringify({ run, seed: trained.seed, format, files })}\n`)
    } finally {
      trained.model.dispose()
    }
  } finally {
    view.close()
  }
}

function chooseOf<T extends string>(option: string, choices: readonly T[], given: string): T {
  const chosen = choices.find((choice) => choice === given)
  if (chosen !== undefined) return chosen
  return fail('E_ARGUMENT', {
    what: `${option} is not of the right form.`,
    expected: `one of ${choices.join(', ')}.`,
    received: `"${given}".`,
    fix: 'see --help.',
  })
}

/** What whoever runs the network must know. */
function describe(row: string, { seed, imageShape, classes, normalization, crop }: TrainedModel): ExportMetadata {
  return {
    row,
    seed: String(seed),
    imageShape: JSON.stringify(imageShape),
    classes: JSON.stringify(classes),
    normalization: JSON.stringify(normalization),
    ...(crop === undefined ? {} : { crop: JSON.stringify(crop) }),
  }
}

interface WeightsChoice {
  /** Undefined: published ones where every parameter has one. */
  readonly names: 'published' | 'own' | undefined
  readonly metadata: ExportMetadata
  readonly notice: (message: string) => void
}

async function writeSafetensors(
  file: string,
  { model, row, registry }: TrainedModel,
  { names, metadata, notice }: WeightsChoice,
): Promise<string[]> {
  const { params } = model
  const list = listParams(params)
  const own = await storeTensors(Object.fromEntries(list.map(({ path, value }) => [path, value])))
  const { use } = row.recipe.model.skeleton
  const nameOf = registry.component('model', use).publishedName ?? (() => undefined)
  const unpublished = list.map(({ path }) => path).filter((path) => nameOf(path) === undefined)
  const chosen = names ?? (unpublished.length === 0 ? 'published' : 'own')
  if (names === undefined && chosen === 'own') {
    const others = unpublished.length > 1 ? ` and ${unpublished.length - 1} more` : ''
    notice(`No published network has ${unpublished[0]}${others}, so the file has Tricklab's own names and layout.`)
  }
  const tensors: StoredTensors =
    chosen === 'own' ? own : toPublished(params, own, nameOf, `${row.table.id}/${row.name}`)
  await writeFileAtomic(file, encodeSafetensors(tensors, { format: 'pt', names: chosen, ...metadata }))
  return [file]
}

async function writeGraph(
  place: string,
  format: 'onnx' | 'tfjs',
  { model }: TrainedModel,
  metadata: ExportMetadata,
): Promise<string[]> {
  if (format === 'onnx') {
    await writeFileAtomic(place, await exportOnnx(model, metadata))
    return [place]
  }
  const { json, weightsFile, weights } = await exportTfjs(model, metadata)
  const files = [path.join(place, 'model.json'), path.join(place, weightsFile)] as const
  makeFolder(place)
  await writeFileAtomic(files[1], weights)
  await writeFileAtomic(files[0], [json])
  return [...files]
}
