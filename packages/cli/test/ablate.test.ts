import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { normalizeRow, type Row } from '@tricklab/core/recipe'
import { chooseTricks, planAblation } from '@tricklab/repro'
import { describe, expect, it } from 'vitest'
import table from './fixtures/tricks.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const row = (name: string): Row => normalizeRow(table, name)
const target = (name: string) => `${fixture('tricks.ts')}#${name}`

describe('the tricks of a row', () => {
  it('are all by which it differs from its plain form, in a fixed order', () => {
    const found = chooseTricks(row('blurred'), undefined).map(({ name, place, instead }) => [name, place, instead])
    expect(found).toEqual([
      ['mish', 'slot act', 'relu'],
      ['blurpool', 'slot pool', null],
      ['ssa', 'slot attention', null],
      ['label-smoothing', 'callback', null],
      ['ranger', 'optimizer', 'adamw'],
      // The row has it otherwise than the base; what the base chose for all rows is no trick.
      ['optimizer.learningRate', 'option', '0.01'],
    ])
  })

  it('are left out one at a time, and all else stays', () => {
    const { recipe } = row('blurred')
    const without = Object.fromEntries(
      chooseTricks(row('blurred'), undefined).map((trick) => [trick.name, trick.without(recipe)]),
    )
    const { slots } = recipe.model
    expect(without.mish).toEqual({ ...recipe, model: { ...recipe.model, slots: { ...slots, act: { use: 'relu' } } } })
    const { attention: _attention, ...unattended } = slots
    expect(without.ssa).toEqual({ ...recipe, model: { ...recipe.model, slots: unattended } })
    expect(without['label-smoothing']).toEqual({ ...recipe, callbacks: [] })
    expect(without['optimizer.learningRate']).toEqual({
      ...recipe,
      optimizer: { ...recipe.optimizer, learningRate: 0.01 },
    })
    // What Ranger and AdamW both have stays as the row says; lookahead goes.
    expect(without.ranger!.optimizer).toEqual({
      use: 'adamw',
      learningRate: 0.02,
      beta1: 0.95,
      beta2: 0.99,
      epsilon: 1e-6,
      weightDecay: 0.01,
      decayNormAndBias: false,
    })
  })

  it('hold the schedule of weight decay, which is left out of every stage', () => {
    const change = { decaySchedule: 'flat-cosine' }
    const decayed = normalizeRow(
      { ...table, rows: { decayed: { change, stages: [{ epochs: 1 }, { epochs: 2 }] } } },
      'decayed',
    )
    const trick = chooseTricks(decayed, undefined).find(({ place }) => place === 'decaySchedule')!
    expect([trick.name, trick.instead]).toEqual(['flat-cosine', null])
    const plain = normalizeRow({ ...table, rows: { plain: { stages: [{ epochs: 1 }, { epochs: 2 }] } } }, 'plain')
    expect(trick.without(decayed.recipe)).toEqual(plain.recipe)
  })

  it('are left out of every stage that has them', () => {
    const { recipe } = row('staged')
    const tricks = chooseTricks(row('staged'), undefined)
    expect(tricks.map(({ name }) => name)).toEqual(['mish', 'label-smoothing', 'ranger', 'flat-cosine'])
    const [, smoothing, , schedule] = tricks.map((trick) => trick.without(recipe))
    expect(smoothing!.stages!.map(({ callbacks }) => callbacks)).toEqual([[], []])
    expect(schedule!.stages!.map((stage) => stage.schedule.use)).toEqual(['constant', 'constant'])
    expect(schedule!.stages!.map(({ epochs }) => epochs)).toEqual(recipe.stages!.map(({ epochs }) => epochs))
  })

  it('share a run with a row that is the same', () => {
    const blurred = planAblation(row('attention'), chooseTricks(row('attention'), ['ssa', 'mish']))
    expect(blurred.map((variant) => [variant.row.name, variant.sameAs])).toEqual([
      ['attention', null],
      ['attention-without-mish', null],
      ['mish-ranger', 'the row mish-ranger'],
    ])
  })
})

describe('lab ablate', () => {
  it('trains each variant, pairs the seeds, and goes on where it stopped', { timeout: 300_000 }, async () => {
    const out = temporaryFolder()
    const args = ['ablate', target('attention'), '--engine', 'wasm', '--drop', 'mish,ssa', '--out', out, '--json']
    const result = await runCli('lab', args)
    expect(result.stderr).not.toContain('✖')
    expect(result.code).toBe(0)
    expect(result.stderr).toContain('without ssa: the same recipe as the row mish-ranger')

    const ablation = result.json()
    expect(ablation).toMatchObject({ table: 'tricks', row: 'attention', metric: 'accuracy', seeds: [1, 2] })
    const [whole, mish, ssa] = ablation.rows
    expect([whole.trick, mish.trick, ssa.trick]).toEqual([null, 'mish', 'ssa'])
    expect(whole.worth).toBeNull()
    for (const line of [mish, ssa]) {
      const differences = ['1', '2'].map((seed) => whole.results[seed] - line.results[seed])
      expect(line.worth.values).toEqual(differences)
      expect(line.worth.mean).toBeCloseTo((differences[0]! + differences[1]!) / 2, 12)
      expect(line.secondsPerEpoch).toBeGreaterThan(0)
      expect(line.peakMemoryMiB).toBeGreaterThan(50)
    }
    // 8 × 8 weights and γ; mish has none.
    expect(whole.params - ssa.params).toBe(65)
    expect(whole.params).toBe(mish.params)
    expect(whole.macs).toBeGreaterThan(ssa.macs)
    expect(readdirSync(path.join(out, 'tricks')).sort()).toEqual(
      ['attention', 'attention-ablation', 'attention-without-mish', 'mish-ranger'].sort(),
    )
    // Both seeds of a variant are in one folder, as of an ordinary run.
    expect(readdirSync(mish.record)).toEqual(expect.arrayContaining(['manifest.json', 'seed-1.jsonl', 'seed-2.jsonl']))
    const page = readFileSync(ablation.report, 'utf8')
    expect(page).toContain('What each trick of attention is worth')
    expect(page.match(/<rect class="cost"/g)).toHaveLength(8)
    expect(existsSync(path.join(path.dirname(ablation.report), 'ablation.json'))).toBe(true)

    const again = await runCli('lab', [...args, '--resume'])
    expect(again.json()).toEqual(ablation)
  })

  it.each([
    [
      'a trick that the row has not',
      [target('attention'), '--drop', 'mich'],
      'E_TRICK_UNKNOWN',
      'did you mean "mish"?',
    ],
    ['a plain row', [target('plain')], 'E_ARGUMENT', 'nothing to leave out'],
    ['names that are none', [target('attention'), '--drop', 'mish,,ssa'], 'E_ARGUMENT', 'mish,blurpool'],
    ['a table', [fixture('tricks.ts')], 'E_ARGUMENT', 'TABLE/ROW'],
    ['more seeds than can be tested', [target('attention'), '--seeds', '41'], 'E_ARGUMENT', 'up to 40 seeds'],
  ])('answers %s with one clear message and exit code 2', { timeout: 180_000 }, async (_name, args, code, hint) => {
    const result = await runCli('lab', ['ablate', ...args])
    expect(result.stderr).toContain(`[${code}]`)
    expect(result.stderr).toContain(hint)
    expect(result.code).toBe(2)
    expect(result.stderr).not.toMatch(/^\s+at /m)
  })
})
