import path from 'node:path'
import { createRegistry, createRng, fail, type Json } from '@tricklab/core'
import { writeFileAtomic } from '@tricklab/core/files'
import * as tf from '@tricklab/core/tf'
import { createBatchSource, data, givenPhotos } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import type { Command } from 'commander'
import { coefficientPair, type EngineArguments, engineChoice, engineHelp, wholeNumber } from '../options/arguments.ts'
import { collect } from '../ui/main.ts'
import { outFile } from '../ui/out-file.ts'
import { difference, type Features, rangeOf, strength } from './features/grid.ts'
import { createLayers, type KernelName, kernels } from './features/layers.ts'
import { featuresPage } from './features/page.ts'

interface FeaturesArguments extends EngineArguments {
  readonly block: string
  readonly set?: readonly string[]
  readonly kernel: string
  readonly coefficients?: readonly [number, number]
  readonly outputs?: number
  readonly shortcut?: boolean
  readonly seed: number
  readonly size: number
  readonly out?: string
  readonly json?: boolean
}

/** Declares `lab features`. */
export function addFeatures(program: Command): void {
  program
    .command('features')
    .description('write a page of an image before and after one layer, next to a plain convolution')
    .argument('<image>', 'file of an image')
    .option('--block <name>', 'the layer: twist, permuted-groups, or a block of the nn package', 'twist')
    .option(
      '--set <option=value>',
      "an option of the block, such as iters=4; repeatable; default: the block's",
      collect,
    )
    .option('--kernel <name>', 'random, identity (a channel out is the channel in) or zero', 'random')
    .option(
      '--coefficients <x,y>',
      'twist: the coefficients Ax and Ay between every channel and itself, 0 between others; default: drawn at random',
      coefficientPair,
    )
    .option(
      '--outputs <n>',
      'output channels; default: 8, or 3 where each output channel continues a channel of the image',
      wholeNumber('--outputs', 1),
    )
    .option('--shortcut', 'add the image to the output, as a residual block does')
    .option('--seed <n>', 'seed of the random kernel and coefficients', wholeNumber('--seed', 0), 1)
    .option('--size <n>', 'width and height of the image', wholeNumber('--size', 3), 128)
    .option('--engine <name>', engineHelp, 'auto')
    .option('--out <file>', 'file for the page; default: BLOCK-features.html', outFile)
    .option('--json', 'one JSON object on standard output, with ranges and the change of every channel')
    .action((image: string, options: FeaturesArguments) => showFeatures(image, options))
}

/** `pnpm lab features IMAGE`: an image before and after one layer, beside the plain convolution, as a page. */
export async function showFeatures(file: string, given: FeaturesArguments): Promise<void> {
  const kernel = kernelOf(given.kernel)
  const keepsColours = kernel !== 'random' || given.coefficients !== undefined || given.shortcut === true
  const outputs = given.outputs ?? (keepsColours ? 3 : 8)
  if (given.shortcut === true && outputs !== 3) {
    fail('E_ARGUMENT', {
      what: '--shortcut cannot add the image to the output of the layer: the numbers of channels differ.',
      expected: '--outputs 3, as many channels as the image has.',
      received: `--outputs ${outputs}.`,
    })
  }
  await prepareEngine(...engineChoice(given))
  const { block: name, coefficients, seed } = given
  const options = optionsOf(given.set ?? [])
  const layers = createLayers({ block: name, options, outputs, kernel, coefficients, seed })
  const images = await readImage(file, given.size)
  const image = await featuresOf(images)
  const apply = (block: typeof layers.block) =>
    tf.tidy(() => {
      const context = { training: false, rng: createRng(seed) }
      const out = block.apply(images, context)
      return given.shortcut === true ? tf.add(images, out) : out
    }) as tf.Tensor4D
  const [plain, after] = [await featuresOf(apply(layers.plain)), await featuresOf(apply(layers.block))]
  layers.block.dispose()
  layers.plain.dispose()

  const summary = Array.from({ length: outputs }, (_, channel) => ({
    plain: rangeOf([plain], channel),
    block: rangeOf([after], channel),
    change: strength(difference(after, plain), channel),
  }))
  const about = { block: name, options, kernel, coefficients: coefficients ?? null, seed, size: given.size }
  const target = path.resolve(given.out ?? `${name}-features.html`)
  const facts = [
    `kernel ${kernel}${layers.sameKernel ? '' : ', the plain one dense and drawn by itself'}`,
    ...(coefficients === undefined ? [] : [`coefficients ${coefficients.join(' and ')} of every channel with itself`]),
    ...(given.shortcut === true ? ['the image added, as by the shortcut of a residual block'] : []),
    `seed ${seed}`,
    `${given.size} px`,
  ]
  const layer = [name, ...Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)].join(', ')
  const shown = { name: path.basename(file), layer, block: name, facts, image, plain, after }
  await writeFileAtomic(target, [featuresPage({ ...shown, coloured: outputs === 3 && keepsColours })])
  if (given.json !== true) process.stdout.write(`Features: ${target}\n`)
  else process.stdout.write(`${JSON.stringify({ ...about, channels: summary, page: target })}\n`)
}

function kernelOf(name: string): KernelName {
  const found = kernels.find((kernel) => kernel === name)
  if (found !== undefined) return found
  return fail('E_ARGUMENT', {
    what: 'There is no such kernel.',
    expected: `one of ${kernels.join(', ')}.`,
    received: `"${name}".`,
    fix: 'see --help.',
  })
}

/** `name=value`, the value as JSON where it is any. */
function optionsOf(texts: readonly string[]): { [option: string]: Json } {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] =
        /^(\w+)=(.*)$/.exec(text) ??
        fail('E_ARGUMENT', {
          what: '--set is not of the right form.',
          expected: 'an option of the block with its value, such as iters=4.',
          received: `"${text}".`,
          fix: 'see the README of the plugin for its options.',
        })
      return [name!, jsonOf(value!)]
    }),
  )
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** The centre of a photo, as validation crops it, with pixels from 0 to 1. @shape `[1, size, size, 3]` */
async function readImage(file: string, size: number): Promise<tf.Tensor4D> {
  // Of a camera: as a viewer shows it.
  const dataset = await givenPhotos([file], { classes: ['image'], reading: { upright: true, srgb: true } })
  const registry = createRegistry([data])
  const { use } = registry.normalize('crop', { use: 'resize-center-crop', size, margin: 0 } as { use: string }, 'lab')
  const crop = registry.create('crop', use, {})
  const photos = { train: { crop, augment: [] }, valid: { crop }, notice: () => {} }
  const options = { batchSize: 1, shuffle: false, dropLast: false, normalize: { kind: 'none' }, photos } as const
  const source = await createBatchSource(dataset, options, createRng(0))
  try {
    for await (const { images, targets } of source.read('valid', 0, 0)) {
      targets.dispose()
      return images
    }
    throw new Error('an epoch without a batch')
  } finally {
    await source.dispose?.()
  }
}

async function featuresOf(images: tf.Tensor4D): Promise<Features> {
  const [, height, width, channels] = images.shape
  return { height, width, channels, values: (await images.data()) as Float32Array }
}
