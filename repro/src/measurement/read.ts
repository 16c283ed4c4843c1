import {
  type MeasurementTable,
  normalizeVariant,
  rowNames,
  type ScalingTable,
  type StepTimeTable,
} from '@tricklab/core/recipe'
import { fitPowerLaw, median, type PowerLaw, spreadOf } from '../statistics/index.ts'
import { judgeClaim } from './judge.ts'
import { blocksOf, seriesOf } from './scaling.ts'
import type { MeasuredRow, MeasurementRecord, Quantity, Sample } from './types.ts'

/** What the definition of a table says is measured; its hash binds records to it. Claims and tolerances are not in it. */
export function measuredOf(table: MeasurementTable): object {
  if (table.measures === 'scaling') {
    const { channels, batchSize, sides } = table
    return { measures: table.measures, channels, batchSize, sides, blocks: blocksOf(table) }
  }
  const recipes = rowNames(table).map((row) => [row, normalizeVariant(table, row).recipe] as const)
  return { measures: table.measures, reference: table.reference, recipes: Object.fromEntries(recipes) }
}

/** The verdict on every claim of a table, from the raw figures alone. Rows that were left out are not told. */
export function judgeMeasurement(table: MeasurementTable, record: MeasurementRecord): MeasuredRow[] {
  return table.measures === 'scaling' ? judgeScaling(table, record) : judgeStepTimes(table, record)
}

/** What the source says of a row, in the unit of its claim; null where it says nothing. */
export function documentedNumber(table: MeasurementTable, name: string): number | null {
  if (table.measures === 'scaling') {
    const row = table.rows[name]!
    return 'than' in row ? 1 : (row.reported?.exponent ?? null)
  }
  const [own, reference] = [name, table.reference].map((row) => table.rows[row]!.reported?.secondsPerEpoch)
  return own === undefined || reference === undefined ? null : own / reference
}

/**
 * Points of a block's cost over positions. The time of a turn is that of its fastest pass: whatever else the machine does
 * can only add to it.
 */
export function costPoints(
  samples: readonly Sample[],
  series: string,
  quantity: 'time' | 'memory',
): { side: number; x: number; y: number; turns: number[] }[] {
  return samples
    .filter((sample) => sample.series === series && sample.quantity === quantity && sample.side !== null)
    .map((sample) => {
      const turns = sample.turns.map((passes) => Math.min(...passes))
      return { side: sample.side!, x: sample.side! ** 2, y: median(turns), turns }
    })
}

function judgeScaling(table: ScalingTable, { samples, partial }: MeasurementRecord): MeasuredRow[] {
  const blocks = blocksOf(table)
  return Object.entries(table.rows).flatMap(([name, row]): MeasuredRow[] => {
    const [series, other] = blocks[name]!.map(seriesOf)
    const common = { row: name, tolerance: row.tolerance ?? table.tolerance, partial, remark: row.note }
    if ('than' in row) {
      const own = costPoints(samples, series!, 'time')
      const against = costPoints(samples, other!, 'time')
      if (own.length === 0 || against.length === 0) return []
      return [judgeOrder(common, own, against, row.reported.cheaperAbove)]
    }
    const points = costPoints(samples, series!, row.grows)
    if (points.length === 0) return []
    const { exponent, interval } = fitCost(points, table.fitFrom)
    const reported = documentedNumber(table, name)
    const claim = { metric: `exponent of ${row.grows}`, reported, better: 'lower' as const }
    return [judgeClaim({ ...common, ...claim, measured: exponent, interval })]
  })
}

/** The power law through every turn at every size from `fitFrom` on. */
export function fitCost(points: Points, fitFrom: number): PowerLaw {
  const fitted = points.filter(({ side }) => side >= fitFrom)
  return fitPowerLaw(fitted.flatMap(({ x, turns }) => turns.map((y) => ({ x, y }))))
}

type Points = ReturnType<typeof costPoints>
type Common = { row: string; tolerance: number; partial: boolean; remark: string | undefined }

/**
 * The share of the sizes at which the claim of the cheaper one holds. A size whose turns do not agree is open: the
 * interval says what the share would be if all open ones failed or held.
 */
function judgeOrder(common: Common, own: Points, against: Points, cheaperAbove: number): MeasuredRow {
  const sizes = own.filter(({ x }) => x !== cheaperAbove)
  const outcomes = sizes.map(({ x, side, turns }) => {
    const paired = against.find((point) => point.side === side)!
    const holding = turns.filter((seconds, turn) => seconds < paired.turns[turn]! === x > cheaperAbove)
    return holding.length / turns.length
  })
  const share = (held: (outcome: number) => boolean) => outcomes.filter(held).length / outcomes.length
  return judgeClaim({
    ...common,
    metric: 'share of sizes',
    reported: 1,
    better: 'higher',
    measured: share((outcome) => outcome > 0.5),
    interval: { low: share((outcome) => outcome === 1), high: share((outcome) => outcome > 0) },
  })
}

function judgeStepTimes(table: StepTimeTable, { samples, partial }: MeasurementRecord): MeasuredRow[] {
  const reference = turnsOf(samples, table.reference, 'train')
  return Object.entries(table.rows).flatMap(([name, row]): MeasuredRow[] => {
    const turns = turnsOf(samples, name, 'train')
    if (turns.length === 0 || name === table.reference) return []
    // Turns of one round followed one another, so their ratio is steadier than that of totals.
    const { median: ratio, min, max } = spreadOf(turns.map((seconds, turn) => seconds / reference[turn]!))
    return [
      judgeClaim({
        row: name,
        metric: `step time over that of ${table.reference}`,
        reported: documentedNumber(table, name),
        measured: ratio,
        interval: { low: min, high: max },
        tolerance: row.tolerance ?? table.tolerance,
        better: 'lower',
        partial,
        remark: row.note,
      }),
    ]
  })
}

/** Median of every turn. */
export function turnsOf(samples: readonly Sample[], series: string, quantity: Quantity): number[] {
  const sample = samples.find((other) => other.series === series && other.quantity === quantity)
  return sample?.turns.map(median) ?? []
}
