import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { decodeSafetensors, hashTensors } from '@tricklab/core/checkpoint'
import { beforeAll, describe, expect, test } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const row = `${fixture('tiny.ts')}#plain`
const out = temporaryFolder()
const folder = (name: string) => path.join(out, name)
const read = (name: string, file: string) =>
  decodeSafetensors(readFileSync(path.join(folder(name), file)), file).tensors
const traceOf = (name: string) => JSON.parse(readFileSync(path.join(folder(name), 'trace.json'), 'utf8'))
const trace = (name: string, ...args: string[]) =>
  runCli('lab', ['trace', row, '--engine', 'cpu', '--out', folder(name), ...args])

interface Step {
  readonly event: string
  readonly loss: number
  readonly learningRate: number
}

describe('lab trace', () => {
  let steps: Step[]
  let end: { weights: string; result: { loss: number } }

  beforeAll(async () => {
    const run = await runCli('repro', [row, '--engine', 'cpu', '--seed', '1', '--out', folder('runs'), '--json'])
    const [{ record }] = run.json().rows
    const lines = readFileSync(path.join(record, 'seed-1.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    steps = lines.filter(({ event }) => event === 'step')
    end = lines.find(({ event }) => event === 'end')
    // Eighteen steps are the whole training: three epochs of six.
    expect((await trace('whole', '--steps', '18', '--valid-batches', '2')).code).toBe(0)
  }, 240_000)

  test('writes the losses and rates that a run has', () => {
    const { steps: traced } = traceOf('whole') as { steps: Step[] }
    expect(traced.map(({ loss }) => loss)).toEqual(steps.map(({ loss }) => loss))
    expect(traced.map(({ learningRate }) => learningRate)).toEqual(steps.map(({ learningRate }) => learningRate))
  })

  test('ends with the weights of the run, to the bit', async () => {
    const tensors = read('whole', 'end.safetensors')
    const model = Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) =>
        name.startsWith('model/') ? [[name.slice('model/'.length), tensor] as const] : [],
      ),
    )
    expect(hashTensors(model)).toBe(end.weights)
    const { parameters } = traceOf('whole') as { parameters: { path: string; shape: number[] }[] }
    expect(parameters.map((parameter) => parameter.path).toSorted()).toEqual(Object.keys(model).toSorted())
    for (const { path: name, shape } of parameters) expect(model[name]!.shape).toEqual(shape)
    // AdamW keeps two moments of every parameter that it updates.
    const learned = traceOf('whole').parameters.filter(({ role }: { role: string }) => role !== 'buffer')
    expect(Object.keys(tensors).filter((name) => name.startsWith('optimizer/'))).toHaveLength(2 * learned.length)
  })

  test('holds every batch once, in the shapes of the network', () => {
    const batches = read('whole', 'batches.safetensors')
    expect(Object.keys(batches)).toHaveLength(2 * steps.length)
    expect(batches['images/0']!.shape).toEqual([32, 12, 12, 1])
    // Six batches of 176 images: the last of an epoch has 16.
    expect(batches['targets/5']!.shape).toEqual([16, 3])
    const valid = read('whole', 'valid.safetensors')
    expect(valid['images/1']!.shape).toEqual([16, 12, 12, 1])
    const { validLosses } = traceOf('whole') as { validLosses: [number, number] }
    // The run validates with the same 48 images.
    expect((32 * validLosses[0] + 16 * validLosses[1]) / 48).toBeCloseTo(end.result.loss, 6)
  })

  test('a short trace is the beginning of a long one; a short schedule is a training of its own', async () => {
    expect((await trace('short', '--steps', '2')).code).toBe(0)
    expect(traceOf('short').steps).toEqual(traceOf('whole').steps.slice(0, 2))
    expect((await trace('brief', '--steps', '6', '--total-steps', '6', '--batch-size', '8')).code).toBe(0)
    const { steps: brief, recipe } = traceOf('brief') as { steps: Step[]; recipe: { batchSize: number } }
    expect(recipe.batchSize).toBe(8)
    expect(read('brief', 'batches.safetensors')['images/0']!.shape[0]).toBe(8)
    // The rate has come all the way down: a one-cycle over six steps.
    expect(brief.at(-1)!.learningRate).toBeLessThan(1e-4)
  }, 120_000)

  test('--whole writes the start, every batch and the validation images of the same training', async () => {
    expect((await trace('all', '--whole')).code).toBe(0)
    const { whole, epochs, stepsPerEpoch, steps: rates, validBatches, parameters } = traceOf('all')
    expect({ whole, epochs, stepsPerEpoch, validBatches }).toEqual({
      whole: true,
      epochs: 3,
      stepsPerEpoch: 6,
      validBatches: 2,
    })
    expect(rates).toEqual(traceOf('whole').steps.map(({ loss: _, ...rate }: Step) => rate))
    expect(parameters).toEqual(traceOf('whole').parameters)
    const batches = read('whole', 'batches.safetensors')
    const valid = read('whole', 'valid.safetensors')
    for (const [kind, tensors, count] of [
      ['batches', batches, 18],
      ['valid', valid, 2],
    ] as const) {
      expect(readdirSync(path.join(folder('all'), kind))).toHaveLength(count)
      for (let index = 0; index < count; index++) {
        const { images, targets } = read('all', `${kind}/${index}.safetensors`)
        expect(hashTensors({ images: images!, targets: targets! })).toBe(
          hashTensors({ images: tensors[`images/${index}`]!, targets: tensors[`targets/${index}`]! }),
        )
      }
    }
    expect(hashTensors(read('all', 'start.safetensors'))).toBe(hashTensors(read('whole', 'start.safetensors')))
    const refused = await trace('refused', '--whole', '--steps', '3')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--steps')])
  }, 120_000)

  test.each([
    [['--steps', '19'], 'the training has fewer steps'],
    [['--total-steps', '7'], 'multiple of 3'],
    [['--steps', '0'], 'whole number from 1'],
  ])('%j is refused with exit code 2', async (args, words) => {
    const { code, stderr } = await trace('refused', ...args)
    expect(code).toBe(2)
    expect(stderr.toLowerCase()).toContain(words)
  })
})
