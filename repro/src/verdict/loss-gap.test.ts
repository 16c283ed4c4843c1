import { describe, expect, test } from 'vitest'
import { type FakeOptions, fakeRecord } from '../../test/fake-record.ts'
import type { EpochLine, RunRecord, SeedLog } from '../record/read.ts'
import { formatVerdictTable, renderReport } from '../report/index.ts'
import { type Floors, lossGap } from './loss-gap.ts'
import { lossGapRemark } from './loss-gap-remark.ts'
import { verdictRow } from './verdict-row.ts'

type Losses = readonly (readonly [train: number, valid: number])[]

const mixup = (alpha: number) => ({ use: 'mixup', alpha, per: 'sample' })
const smoothing = { use: 'label-smoothing', epsilon: 0.1, validation: true }
const woof: FakeOptions = { trainSize: 9025, batchSize: 64, classes: 10 }

const crop = { use: 'resize-center-crop', size: 128 }
const augmented = {
  data: { shuffle: true, train: { crop: { use: 'random-resized-crop', size: 128 }, augment: [] }, valid: { crop } },
}

/** A run of a row with these losses of every epoch, seed by seed. */
function record(callbacks: FakeOptions['callbacks'], seeds: readonly Losses[], change: object = {}): RunRecord {
  const { manifest } = fakeRecord({ ...woof, seeds: [1], epochs: 1, ...(callbacks && { callbacks }) })
  const recipe = manifest.recipe as { data: object }
  const shuffled = { ...recipe, data: { ...recipe.data, shuffle: true }, ...change }
  const logs = seeds.map((losses, index) => {
    const epochs = losses.map(([train, valid], epoch) => {
      const line = { event: 'epoch', epoch, step: 141 * (epoch + 1), line: epoch + 2, seconds: 1 } as const
      return { ...line, train: { loss: train }, valid: { loss: valid, accuracy: 0.8 } } satisfies EpochLine
    })
    return {
      seed: index + 1,
      file: '',
      resumes: [],
      steps: [],
      epochs,
      prediction: null,
      end: null,
    } as unknown as SeedLog
  })
  return { folder: 'runs/woof', manifest: { ...manifest, recipe: shuffled }, logs }
}

const floorsOf = (run: RunRecord) => lossGap(run)!.floors as Floors
const remark = (run: RunRecord) => lossGapRemark(lossGap(run))

// The 80-epoch log of the thread on ConvTwist: epochs 0, 40 and 79.
const thread: Losses = [
  [2.161465, 2.075368],
  [1.1822, 0.891929],
  [1.011409, 0.803271],
]

describe('a training loss above the validation loss', () => {
  test("is explained by the targets where they are soft enough: the thread's question", () => {
    const run = record([mixup(0.5), smoothing], [thread])
    expect(lossGap(run)).toMatchObject({ above: 3, epochs: 3, train: 1.011409, valid: 0.803271 })
    const { train, valid, parts } = floorsOf(run)
    // SciPy's 0.78616 for a tenth of one class; here a little more are, for an image can be its own partner.
    expect(train).toBeCloseTo(0.782, 3)
    expect(valid).toBeCloseTo(0.50029, 5)
    expect(parts.map(({ trick }) => trick)).toEqual(['mixup', 'label smoothing'])
    expect(parts[0]!.difference).toBeCloseTo(train - valid, 10)
    expect(parts[1]!.difference).toBe(0)
    expect(remark(run)).toBe(
      'The training loss is 0.208 higher than the validation loss after the last epoch. It was higher in 3 of 3 epochs. ' +
        'The targets are soft, so the training loss cannot fall below 0.782, the validation loss not below 0.500: ' +
        'mixup (alpha 0.5) causes at least 0.281 of the difference, and label smoothing (epsilon 0.1) raises both losses ' +
        'alike. Compared fairly, the training loss is 0.230 above its limit, the validation loss 0.303. Soft targets ' +
        'explain the whole difference; nothing is wrong.',
    )
  })

  test('is explained in part where more is left in training', () => {
    const text = remark(record([mixup(0.2), smoothing], [[[1.9, 1.2]]]))!
    expect(text).toContain('is 0.700 higher than the validation loss after the only epoch')
    expect(text).toMatch(/mixup \(alpha 0\.2\) causes at least 0\.16\d of the difference/)
    expect(text).toContain('Longer training may close the gap')
  })

  test('is explained by smoothing where validation has hard targets', () => {
    const run = record([{ ...smoothing, validation: false }], [[[0.7, 0.3]]])
    expect(floorsOf(run)).toMatchObject({ valid: 0, parts: [{ trick: 'label smoothing' }] })
    expect(floorsOf(run).train).toBeCloseTo(0.50029, 5)
    expect(remark(run)).toContain('label smoothing (epsilon 0.1) causes at least 0.500 of the difference')
  })

  test('is not explained by tricks that are not there, or touch both alike', () => {
    expect(remark(record([], [[[0.7, 0.3]]], augmented))).toContain('the row uses neither mixup nor label smoothing')
    expect(remark(record([smoothing], [[[0.9, 0.8]]], augmented))).toContain(
      'neither loss can fall below 0.500: label smoothing (epsilon 0.1) raises both losses alike.',
    )
    expect(remark(record([mixup(0), smoothing], [[[0.9, 0.8]]], augmented))).not.toContain('ixup (')
  })

  test('is told nothing of where the row makes training no harder', () => {
    expect(remark(record([], [[[0.7, 0.3]]]))).toBeUndefined()
    expect(remark(record([smoothing], [[[0.9, 0.8]]]))).toBeUndefined()
    expect(verdictRow(record([], [[[0.7, 0.3]]]))).not.toHaveProperty('remark')
  })

  test.each([
    ['a random crop', augmented],
    ['an augmentation', { data: { shuffle: true, train: { crop, augment: [{ use: 'flip' }] }, valid: { crop } } }],
  ])('is explained by %s', (_name, change) => {
    const text = remark(record([], [[[0.7, 0.3]]], change))
    expect(text).toContain('Training images are cropped or augmented at random')
    expect(text).not.toMatch(/dropout/i)
  })

  test.each([
    ['the option of a skeleton', { skeleton: { use: 'efficientnet-b0', dropout: 0.2 }, slots: {} }],
    ['the option of a block', { skeleton: { use: 'a' }, slots: { block: { use: 'mbconv', dropConnect: 0.2 } } }],
    ['a head', { skeleton: { use: 'a' }, slots: { head: { use: 'multi-sample-dropout', rate: 0.5 } } }],
  ])('is explained by dropout in %s', (_name, model) => {
    const text = remark(record([], [[[0.7, 0.3]]], { model }))
    expect(text).toContain('Dropout is active in training only.')
    expect(text).not.toContain('cropped')
  })

  test('is not explained by dropout of nothing', () => {
    const model = { skeleton: { use: 'efficientnet-b0', dropout: 0, dropConnect: 0 }, slots: {} }
    expect(remark(record([], [[[0.7, 0.3]]], { model }))).toBeUndefined()
  })

  test('is averaged over seeds, and counted over all their epochs', () => {
    const seeds: Losses[] = [
      [
        [2, 1],
        [1, 0.5],
      ],
      [
        [1, 2],
        [0.6, 0.5],
      ],
    ]
    expect(lossGap(record([smoothing], seeds, augmented))).toMatchObject({
      above: 3,
      epochs: 4,
      train: 0.8,
      valid: 0.5,
    })
  })

  test('widens the targets with the scores of the network', () => {
    const wide = { model: { skeleton: { use: 'xresnet50', outputs: 1000 }, slots: {} } }
    expect(floorsOf(record([smoothing], [[[2, 1.5]]], { ...augmented, ...wide })).valid).toBeCloseTo(1.01485, 5)
  })

  test('is of the last stage', () => {
    const change = {
      stages: [
        { epochs: 1, callbacks: [mixup(0.5), smoothing], data: { shuffle: true }, loss: { use: 'cross-entropy' } },
        { epochs: 1, callbacks: [smoothing], ...augmented, loss: { use: 'cross-entropy' }, batchSize: 64 },
      ],
    }
    const run = record([], [thread], change)
    const hooks = { '1/beforeBatch': ['mixup', 'label-smoothing'], '2/beforeBatch': ['label-smoothing'] }
    expect(floorsOf({ ...run, manifest: { ...run.manifest, hooks } }).parts).toHaveLength(1)
  })

  test.each([
    ['another loss', record([smoothing], [thread], { loss: { use: 'focal' } }), 'the loss is focal'],
    ['an unknown callback', record([smoothing, { use: 'cutmix' }], [thread]), 'cutmix may change the targets too'],
    [
      'an order of classes',
      record([mixup(0.5)], [thread], { data: { shuffle: false } }),
      'images are mixed in the order of the dataset',
    ],
  ])('is told without a reason for %s', (_name, run, reason) => {
    expect(remark(run)).toMatch(new RegExp(`^The training loss is 0.208 higher .* targets cause: ${reason}`))
  })

  test('of an older record is told without a reason', () => {
    const run = record([smoothing], [thread])
    const { classes: _classes, ...dataset } = run.manifest.dataset
    expect(remark({ ...run, manifest: { ...run.manifest, dataset } })).toContain('how many classes there are')
  })

  test('stands in the report and in the terminal', () => {
    const run = record([mixup(0.5), smoothing], [thread])
    const text = remark(run)!
    expect(verdictRow(run).remark).toBe(text)
    expect(formatVerdictTable([verdictRow(run)]).replaceAll(/\s+/g, ' ')).toContain(text)
    expect(renderReport({ kind: 'runs', records: [run] })).toContain(text)
  })
})

test('a training loss below the validation loss at the end is nothing to remark', () => {
  const run = record(
    [mixup(0.5), smoothing],
    [
      [
        [2, 1],
        [0.7, 0.8],
      ],
    ],
  )
  expect(lossGap(run)).toBeUndefined()
  expect(verdictRow(run)).not.toHaveProperty('remark')
  expect(renderReport({ kind: 'runs', records: [run] })).not.toContain('Training above validation')
  expect(lossGap(record([], []))).toBeUndefined()
})
