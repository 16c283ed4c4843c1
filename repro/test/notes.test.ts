import { rowNames } from '@tricklab/core/recipe'
import { tables } from '@tricklab/recipes'
import { describe, expect, test } from 'vitest'
import { acceptedMeasurements, acceptedRecords } from '../src/accepted/accepted.ts'
import { judgeMeasurement } from '../src/measurement/read.ts'

/** Sentences of notes with a number that was measured here: each must follow from the accepted records. */
const claims = tables.flatMap((table) =>
  rowNames(table).flatMap((row) => {
    const { note = '' } = table.rows[row] as { readonly note?: string }
    return note
      .split(/(?<=\.) (?=[A-Z])/)
      .filter((sentence) => /\b(our|ours|here)\b/i.test(sentence) && /\d/.test(sentence))
      .map((sentence) => ({ row: `${table.id}/${row}`, sentence }))
  }),
)

const claimOf = (row: string, start: string): string =>
  claims.find((claim) => claim.row === row && claim.sentence.startsWith(start))!.sentence

/** The two ends of `low to high`, which stands behind `words`. */
const range = (text: string, words: string): readonly [number, number] => {
  const [, low, high] = new RegExp(`${words} (\\d*\\.?\\d+) to (\\d*\\.?\\d+)`).exec(text)!
  return [Number(low), Number(high)]
}

test('no note has a measured number that is not checked below', () => {
  const timed = 'imagewoof-epoch-time-256'
  expect(claims.map(({ row, sentence }) => `${row}: ${sentence.split(' ').slice(0, 2).join(' ')}`)).toEqual([
    'imagewoof-128-5/ranger-mish: Our photos',
    'imagewoof-128-5/ranger-mish: Our final',
    `${timed}/xresnet-ssa-mish-maxblurpool: MaxBlurPool makes`,
    `${timed}/new-block-ssa-mish-maxblurpool: MaxBlurPool makes`,
  ])
})

describe('imagewoof-128-5/ranger-mish', async () => {
  const row = 'imagewoof-128-5/ranger-mish'
  const { manifest, logs } = (await acceptedRecords()).find(
    ({ manifest }) => `${manifest.table}/${manifest.row}` === row,
  )!

  test('was trained on photos of the size that its note names', () => {
    const [, side] = /shorter side of (\d+) px/.exec(claimOf(row, 'Our photos'))!
    expect(manifest.dataset.note).toContain(`imagewoof2-${side}`)
  })

  test.each(logs)('seed $seed ends with losses in the ranges of its note', ({ steps, epochs }) => {
    const claim = claimOf(row, 'Our final')
    // fastai's running mean of the losses of batches.
    const sum = steps.reduce((mean, { loss }) => 0.98 * mean + 0.02 * loss, 0)
    expectWithin(sum / (1 - 0.98 ** steps.length), range(claim, 'training loss'))
    expectWithin(epochs.at(-1)!.valid.loss!, range(claim, 'validation loss'))
  })
})

describe('imagewoof-epoch-time-256', () => {
  const { table, record } = acceptedMeasurements().find(({ table: { id } }) => id === 'imagewoof-epoch-time-256')!
  const rows = new Map(judgeMeasurement(table, record).map((row) => [row.row, row]))

  test.each(['xresnet-ssa-mish', 'new-block-ssa-mish'])('what MaxBlurPool adds to %s', (without) => {
    const [plain, pooled] = [rows.get(without)!, rows.get(`${without}-maxblurpool`)!]
    const claim = claimOf(`${table.id}/${without}-maxblurpool`, 'MaxBlurPool makes')
    const added = (value: 'reported' | 'measured') => 100 * (pooled[value]! / plain[value]! - 1)
    expectWithin(added('reported'), range(claim, 'an epoch'), 0.5)
    expectWithin(added('measured'), range(claim, 'source and'), 0.5)
  })

  test.each([
    ['xresnet-ssa', 'xresnet-ssa-mish'],
    ['new-block-ssa', 'new-block-ssa-mish'],
  ])('what Mish adds to %s in the source', (plain, withMish) => {
    const { note } = (table.rows as { readonly [row: string]: { readonly note?: string } })[withMish]!
    const [before, after] = [rows.get(plain)!, rows.get(withMish)!]
    expectWithin(100 * (after.reported! / before.reported! - 1), range(note!, 'an epoch'), 0.5)
  })
})

function expectWithin(value: number, [low, high]: readonly [number, number], rounding = 0.005): void {
  expect(value).toBeGreaterThanOrEqual(low - rounding)
  expect(value).toBeLessThanOrEqual(high + rounding)
}
