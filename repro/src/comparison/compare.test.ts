import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FakeOptions, fakeRecord, writeFakeRecord } from '../../test/fake-record.ts'
import { compareSides } from './compare.ts'
import { formatComparison } from './format-comparison.ts'
import { readSide, type Side } from './side.ts'

const sideOf = (values: readonly number[], more: Partial<Side> = {}): Side => ({
  name: 'a side',
  scores: new Map(values.map((accuracy, index) => [index + 1, { accuracy }])),
  valid: 4000,
  metric: () => undefined,
  judged: undefined,
  ...more,
})
const compare = (a: readonly number[], b: readonly number[], margin = 0.01) =>
  compareSides(sideOf(a), sideOf(b), { margin })

/**
 * scipy 1.17: `stats.ttest_ind(a, b, equal_var=False, alternative='less').pvalue`, the two-sided test's
 * `confidence_interval(.95)`, and `(stats.t.ppf(.975, df) + stats.t.ppf(.8, df)) * standard_error`
 */
const golden = [
  {
    a: [0.7, 0.704, 0.697, 0.702, 0.699],
    b: [0.71, 0.712, 0.708, 0.715, 0.709, 0.711],
    worseP: 7.001428395440278e-5,
    interval: [-0.014046550648613387, -0.0068201160180534235],
    detectable: 0.0050122589733082555,
    outcome: 'worse',
  },
  {
    a: [0.708, 0.74, 0.738, 0.756, 0.734],
    b: [0.702, 0.706, 0.716],
    worseP: 0.9885201689514185,
    interval: [0.005361559851957156, 0.04903844014804329],
    detectable: 0.029848304432872855,
    outcome: 'open',
  },
]

describe('compareSides', () => {
  it.each(golden)('says what scipy says of $a and $b', ({ a, b, worseP, interval, detectable, outcome }) => {
    const found = compare(a, b)
    expect(found.worseP! / worseP).toBeCloseTo(1, 8)
    expect(found.interval!.low).toBeCloseTo(interval[0]!, 9)
    expect(found.interval!.high).toBeCloseTo(interval[1]!, 9)
    expect(found.detectable!).toBeCloseTo(detectable, 9)
    expect(found.outcome).toBe(outcome)
  })

  it('calls two like sets equivalent, and never worse when the first is better', () => {
    const like = compare([0.7, 0.701, 0.699, 0.7005], [0.7002, 0.6995, 0.7008, 0.7])
    expect(like.outcome).toBe('equivalent')
    const values = fc.array(fc.double({ min: 0.1, max: 0.9, noNaN: true }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(values, values, (a, b) => {
        const found = compare(a, b)
        if (found.difference >= 0) expect(found.outcome).not.toBe('worse')
        if (found.worseP !== null) expect(found.worseP + compare(b, a).worseP!).toBeCloseTo(1, 9)
      }),
    )
  })

  it('follows the direction of the metric', () => {
    const lower: Partial<Side> = {
      metric: (name) => ({ name, better: 'lower', format: { style: 'percent' } }),
    }
    const [few, many] = [
      [0.1, 0.11, 0.12],
      [0.2, 0.21, 0.22],
    ]
    const options = { margin: 0.01 }
    expect(compareSides(sideOf(many, lower), sideOf(few, lower), options).outcome).toBe('worse')
    expect(compareSides(sideOf(few, lower), sideOf(many, lower), options).outcome).toBe('open')
  })

  it('tests nothing where a side has no spread, and says so', () => {
    for (const found of [compare([0.7], [0.8, 0.81]), compare([0.7, 0.7], [0.7, 0.7])]) {
      expect(found).toMatchObject({ interval: null, worseP: null, equivalence: null, outcome: 'open' })
      expect(formatComparison(found)).toContain('nothing can be tested')
    }
  })

  it('compares seed by seed as scipy does, on the seeds that both sides have', () => {
    const [a, b] = [
      [0.6017, 0.5775, 0.5979, 0.564, 0.563],
      [0.6043, 0.579, 0.5961, 0.5672, 0.5621, 0.1],
    ]
    // scipy 1.17: stats.ttest_rel(a, b, alternative='less'), stats.ttest_1samp(a - b, 0).confidence_interval(.95), the larger
    // p of ttest_1samp(a - b, ∓.01) to either side, (stats.t.ppf(.975, 4) + stats.t.ppf(.8, 4)) * standard_error
    const found = compareSides(sideOf(a), sideOf(b), { margin: 0.01, paired: true })
    expect(found.sides.map(({ seeds }) => seeds)).toEqual([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]) // biome-ignore format: one line
    expect(found.worseP! / 0.19971561707805766).toBeCloseTo(1, 8)
    expect(found.interval!.low).toBeCloseTo(-0.0036309821932840806, 9)
    expect(found.interval!.high).toBeCloseTo(0.001790982193284061, 9)
    expect(found.equivalence!.p / 0.0003720211815060974).toBeCloseTo(1, 7)
    expect(found.detectable!).toBeCloseTo(0.003629760745260492, 9)
    expect(found.outcome).toBe('equivalent')
    expect(formatComparison(found)).toContain('equivalent within 1.00 pp (p = 0.0004, two one-sided paired t tests)')
    // Unpaired, the spread of the seeds hides what the pairs show.
    expect(compare(a, b.slice(0, 5)).outcome).toBe('open')
    const other = sideOf([], { scores: new Map([[9, { accuracy: 0.5 }]]) })
    expect(() => compareSides(sideOf(a), other, { margin: 0.01, paired: true })).toThrow('no seed in common')
    const constant = compareSides(sideOf([0.5, 0.6]), sideOf([0.5, 0.6]), { margin: 0.01, paired: true })
    expect(constant).toMatchObject({ interval: null, worseP: null, equivalence: null, outcome: 'open' })
  })

  it('refuses sides that cannot be compared', () => {
    const options = { margin: 0.01 }
    expect(() => compareSides(sideOf([0.7], { valid: 500 }), sideOf([0.7]), options)).toThrow(
      'scored on different validation images',
    )
    expect(() => compareSides(sideOf([0.7]), sideOf([0.7]), { ...options, metric: 'f1' })).toThrow(
      'a side has no score "f1". Expected: accuracy.',
    )
  })
})

describe('readSide', () => {
  const write = (options: FakeOptions) => writeFakeRecord(fakeRecord(options))

  it('reads a run and a file of results, and compares them', async () => {
    const folder = await write({ seeds: [1, 2, 3], accuracy: 0.8 })
    const run = await readSide(folder)
    expect([...run.scores.keys()]).toEqual([1, 2, 3])
    const file = path.join(folder, 'control.jsonl')
    const line = (seed: number, accuracy: number) =>
      `${JSON.stringify({ seed, valid: run.valid, epochs: [{ accuracy: 0.1 }, { accuracy }] })}\n`
    writeFileSync(file, line(1, 0.95) + line(2, 0.96) + line(3, 0.955))
    const compared = compareSides(run, await readSide(file), { margin: 0.01 })
    expect(compared.outcome).toBe('worse')
    expect(compared.caveats).toEqual([])
    expect(formatComparison(compared)).toContain('The first is worse than the second (p ')
  })

  it('names what differs between two runs', async () => {
    const other = fakeRecord({ seeds: [1, 2] })
    other.manifest = {
      ...other.manifest,
      recipeHash: 'b'.repeat(64),
      dataset: { ...other.manifest.dataset, digest: 'another' },
    }
    const [a, b] = [await readSide(await write({ seeds: [1, 2] })), await readSide(await writeFakeRecord(other))]
    expect(compareSides(a, b, { margin: 0.01 }).caveats).toEqual([
      'The two sides are trainings of different recipes.',
      'The two sides were trained on different images.',
    ])
  })

  it('refuses what is no finished run', async () => {
    const partial = await write({ seeds: [1], partial: { epochs: 1 } })
    await expect(readSide(partial)).rejects.toThrow('is a shortened run')
    await expect(readSide('no/such')).rejects.toThrow('There is no record at "no/such"')
    const file = path.join(partial, 'results.jsonl')
    for (const [text, message] of [
      ['{"seed": 1}\n', ':1 is no result of a seed'],
      ['{"seed": 1, "epochs": [{"accuracy": "high"}]}\n', ':1 is no result of a seed'],
      ['', 'No seed of'],
      [
        '{"seed":1,"epochs":[{"accuracy":0.5}]}\n{"seed":1,"epochs":[{"accuracy":0.6}]}\n',
        ':2 has seed 1 a second time',
      ],
    ]) {
      writeFileSync(file, text!)
      const error = await readSide(file).then(
        () => undefined,
        (cause) => cause,
      )
      expect(error).toBeInstanceOf(TricklabError)
      expect(error.message).toContain(message)
      expect(error.exitCode).toBe(2)
    }
    await expect(readSide(`${file}.none.jsonl`)).rejects.toThrow('cannot be read')
  })
})
