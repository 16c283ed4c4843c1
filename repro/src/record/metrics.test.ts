import { lossTraits, type MetricTraits } from '@tricklab/core/recipe'
import { describe, expect, test } from 'vitest'
import { fakeRecord, writeFakeRecord } from '../../test/fake-record.ts'
import { checkRecord } from '../check/check.ts'
import { verdictRow } from '../verdict/verdict-row.ts'
import { metricOf, validationOf } from './metrics.ts'
import { readRecord } from './read.ts'
import type { LogLine } from './types.ts'

const errorRate: MetricTraits = { name: 'error-rate', better: 'lower', format: { style: 'percent', digits: 1 } }
const share = { style: 'percent' }

describe('what a record says of its scores', () => {
  test('comes from the record, whatever a name looks like', () => {
    const metrics = [
      { name: 'gain-loss', better: 'higher', format: { style: 'number' } } as const,
      errorRate,
      lossTraits,
    ]
    expect(metricOf({ metrics }, 'gain-loss').better).toBe('higher')
    expect(metricOf({ metrics }, 'error-rate')).toEqual(errorRate)
    expect(metricOf({ metrics }, 'accuracy').format).toEqual({ style: 'number' })
  })

  test('is known of the metrics of Tricklab where the record is older', () => {
    expect(metricOf({}, 'accuracy')).toEqual({ name: 'accuracy', better: 'higher', format: share })
    expect(metricOf({}, 'top5-accuracy').format).toEqual(share)
    expect(metricOf({}, 'loss')).toEqual(lossTraits)
    expect(metricOf({}, 'perplexity').format).toEqual({ style: 'number' })
  })

  test('validation images are shared unless every seed drew its own', () => {
    const { manifest } = fakeRecord()
    expect(validationOf(manifest)).toEqual({ samples: 10_000, shared: true })
    const recipe = { data: { split: 'fresh-random' } }
    expect(validationOf({ ...manifest, recipe }).shared).toBe(false)
  })
})

describe('a metric of which less is better', () => {
  async function errorRates(values: readonly number[], metrics = [errorRate, lossTraits]) {
    const { manifest, logs } = fakeRecord({
      seeds: values.map((_, index) => index + 1),
      reported: { metric: 'error-rate', runs: [0.985] },
      tolerance: 0.02,
      trainSize: 10,
      batchSize: 4,
    })
    for (const [index, value] of values.entries()) {
      for (const line of logs[index + 1]! as (LogLine & { valid?: object; result?: object })[]) {
        if (line.event === 'epoch') Object.assign(line.valid, { 'error-rate': value })
        if (line.event === 'end') Object.assign(line.result, { 'error-rate': value })
      }
    }
    return writeFakeRecord({ manifest: { ...manifest, metrics }, logs })
  }

  test('exceeds where it lies below the documented value, in per cent as the metric says', async () => {
    const row = verdictRow(await readRecord(await errorRates([0.023, 0.025])))
    expect(row).toMatchObject({ verdict: 'exceeds', format: errorRate.format })
    expect(row.note).toContain('Measured 2.4 %, reported 98.5 %: better by 96.1 pp')
  })

  test('cannot be turned round in the record: the recipe says what is better', async () => {
    const folder = await errorRates([0.023, 0.025], [{ ...errorRate, better: 'higher' }, lossTraits])
    const { manifest } = await readRecord(folder)
    const { dataset, environment, hooks, seeds } = manifest
    const plugins = Object.keys(environment.plugins)
    const problems = await checkRecord(
      folder,
      {
        head: { ...manifest, metrics: [errorRate, lossTraits] },
        seeds,
        facts: undefined,
        datasetName: dataset.name,
        precision: 'f32',
        hooks,
        plugins: { known: plugins, used: plugins },
        trainSize: 10,
        validSize: 10_000,
        staged: false,
        predictor: undefined,
        stages: [{ epochs: 3, batchSize: 4, dropLast: false }],
      },
      { acceptExceeds: true },
    )
    expect(problems.map(({ what }) => what)).toEqual([
      expect.stringContaining('The description of the metrics has changed since the run.'),
    ])
  })
})
