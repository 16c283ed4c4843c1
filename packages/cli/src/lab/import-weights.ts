import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createRegistry, createRng, fail, listParams, type Model, type Shape } from '@tricklab/core'
import { decodeSafetensors, encodeSafetensors, hashTensors, type StoredTensors } from '@tricklab/core/checkpoint'
import { failAll, type Problem, suggest } from '@tricklab/core/errors'
import { writeFileAtomic } from '@tricklab/core/files'
import type { Registry } from '@tricklab/core/plugin'
import { createModel, type NormalModel, normalizeModel } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { fromPublished, nn, type PublishedName } from '@tricklab/nn'
import convnext from '@tricklab/plugin-convnext'
import mbconv from '@tricklab/plugin-mbconv'
import { oneRow } from '@tricklab/repro'
import { describeRow } from '@tricklab/train'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { outFile } from '../ui/out-file.ts'

interface ImportArguments {
  readonly model: string
  readonly size: number
  readonly out?: string
  readonly json?: boolean
}

/** Declares `lab import-weights`. */
export function addImportWeights(program: Command): void {
  program
    .command('import-weights')
    .description(
      "convert published weights to Tricklab's names; every tensor must be used once and have the right shape",
    )
    .argument('<file>', "a safetensors file with timm's names")
    .requiredOption('--model <name>', 'efficientnet-b0, convnext-atto, xresnet50, resnet18 …, or TABLE/ROW')
    .option('--size <pixels>', 'image size to build the model for', wholeNumber('--size', 1), 224)
    .option('--out <file>', 'file for the weights; default: NAME-imported.safetensors', outFile)
    .option('--json', 'one JSON object on the last line of standard output')
    .action((file: string, options: ImportArguments) => importWeights(file, options))
}

/** `pnpm lab import-weights FILE --model NAME`: published weights under Tricklab's names, checked in full. */
async function importWeights(file: string, given: ImportArguments): Promise<void> {
  const { registry, model: normal } = await findModel(given.model)
  const { use } = normal.skeleton
  const nameOf = registry.component('model', use).publishedName
  if (nameOf === undefined) {
    fail('E_ARGUMENT', {
      what: `Tricklab knows no published weights of the model "${use}".`,
      expected: `one of ${namedModels(registry).join(', ')}.`,
      received: `--model ${given.model}.`,
      fix: 'weights that Tricklab wrote under its own names need no import.',
    })
  }
  // Parameters are placed, not computed with.
  await prepareEngine('cpu')
  const tensors = decodeSafetensors(await read(file), file, 'fetch the file again.').tensors
  const create = (shape: Shape, classes: number): Model =>
    createModel(registry, normal, { imageShape: shape, classes, init: createRng(0) })
  const { imageShape, classes } = measure(create, tensors, nameOf, given.size)
  const model = create(imageShape, classes)
  const values = fromPublished(model.params, tensors, nameOf, file)
  const count = Object.keys(values).length
  model.dispose()

  const sha256 = hashTensors(values)
  const out = path.resolve(given.out ?? `${path.basename(file, '.safetensors')}-imported.safetensors`)
  const metadata = { model: JSON.stringify(normal), classes: String(classes), imageShape: JSON.stringify(imageShape) }
  await writeFileAtomic(out, encodeSafetensors(values, metadata))
  process.stderr.write(
    `${count} tensors fit ${given.model} with ${classes} classes, every one used once.\nWeights: ${out}\nSHA-256: ${sha256}\n`,
  )
  if (given.json === true)
    process.stdout.write(`${JSON.stringify({ model: given.model, classes, tensors: count, sha256, out })}\n`)
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    return fail('E_ARGUMENT', {
      what: `${file} cannot be read: ${(cause as Error).message}.`,
      expected: 'a safetensors file.',
      received: `"${file}".`,
      fix: 'check the path.',
      cause,
    })
  }
}

/** A model by its name, or that of a row. */
async function findModel(text: string): Promise<{ registry: Registry; model: NormalModel }> {
  if (/[/#]|\.[cm]?[jt]s$/.test(text)) {
    const { registry, row } = describeRow(await oneRow(text))
    return { registry, model: row.recipe.model }
  }
  const registry = createRegistry([nn, mbconv, convnext])
  const names = namedModels(registry)
  if (!names.includes(text)) {
    fail('E_ARGUMENT', {
      what: `There is no model "${text}" with published weights.`,
      expected: `one of ${names.join(', ')}, or TABLE/ROW.`,
      received: `--model ${text}.`,
      fix: suggest(text, names),
    })
  }
  const problems: Problem[] = []
  const model = normalizeModel(text, registry, '--model', problems)
  failAll(problems)
  return { registry, model }
}

const namedModels = (registry: Registry): string[] =>
  registry
    .list('model')
    .filter(({ component }) => component.publishedName !== undefined)
    .map(({ name }) => name)

/** Channels of the images and number of classes, as the first convolution and the last bias of the file have them. */
function measure(
  create: (shape: Shape, classes: number) => Model,
  tensors: StoredTensors,
  nameOf: PublishedName,
  size: number,
): { imageShape: Shape; classes: number } {
  const probe = create([size, size, 3], 10)
  const paths = listParams(probe.params).map((param) => param.path)
  probe.dispose()
  const shapeOf = (place: string) => tensors[nameOf(place) ?? '']?.shape
  return {
    imageShape: [size, size, shapeOf(paths[0]!)?.[1] ?? 3],
    classes: shapeOf(paths.at(-1)!)?.[0] ?? 10,
  }
}
