import { formatValue, isPercent } from '../format.ts'
import { metricOf } from '../record/metrics.ts'
import type { RunRecord, SeedLog } from '../record/read.ts'
import { mean } from '../statistics/index.ts'
import { drawLineChart, type EndLabel, type Line, type Tone } from './chart/line-chart.ts'
import type { Mark } from './chart/marks.ts'
import { type Point, smooth } from './chart/points.ts'
import { type Html, html } from './html.ts'

type Split = 'train' | 'valid'
type Sign = Tone | Mark['shape'] | `${Mark['shape']} ${Tone}` | `thin ${Tone}`

/** Where a record stands: what all its charts have in common. */
interface Frame {
  readonly record: RunRecord
  /** Steps of an epoch that has not ended. */
  readonly stepsPerEpoch: number
  /** Epochs that the axes span. */
  readonly epochs: number
  /** Tooltips on every point cost much of the file; beyond a thousand points only lines have one. */
  readonly everyPoint: boolean
  readonly opacity: number
  /** Points a line is drawn with: fewer when there are many lines. */
  readonly limit: number
}

/** All charts of a row: losses, every metric, and the schedules. */
export function rowCharts(record: RunRecord): Html | null {
  if (record.logs.every(({ steps }) => steps.length === 0)) return null
  const frame = frameOf(record)
  return html`<div class="charts">
${lossChart(frame)}
${metricNames(record).map((metric) => metricChart(frame, metric))}
${scheduleChart(frame, 'learningRate', 'learning rate', 'schedule')}
${scheduleChart(frame, 'momentum', 'momentum', 'momentum')}
</div>`
}

function frameOf(record: RunRecord): Frame {
  const { logs } = record
  const firstEpoch = logs.find(({ epochs }) => epochs.length > 0)?.epochs[0]?.step
  const batch = Math.max(...logs.map(({ steps }) => steps[0]?.size ?? 0))
  const stepsPerEpoch = firstEpoch ?? Math.max(1, Math.ceil(record.manifest.dataset.train / batch))
  const epochs = Math.max(...logs.map(({ steps }) => (steps.at(-1)?.epoch ?? 0) + 1))
  return {
    record,
    stepsPerEpoch,
    epochs,
    everyPoint: epochs * logs.length <= 250,
    opacity: logs.length === 1 ? 1 : Math.max(0.4, 1 - 0.08 * logs.length),
    limit: Math.round(Math.max(240, 1000 / Math.sqrt(logs.length))),
  }
}

function metricNames({ logs }: RunRecord): string[] {
  const names = logs.flatMap(({ epochs }) => epochs.flatMap(({ train, valid }) => Object.keys({ ...train, ...valid })))
  return [...new Set(names)].filter((name) => name !== 'loss' && name !== 'smoothLoss')
}

/** Where every step of a log lies, in epochs: in the middle of its duration. Stages differ in steps an epoch. */
export function placesOf(
  { steps }: { readonly steps: readonly Pick<SeedLog['steps'][number], 'epoch'>[] },
  stepsPerEpoch: number,
): number[] {
  if (steps.length === 0) return []
  const counts: number[] = []
  for (const { epoch } of steps) counts[epoch] = (counts[epoch] ?? 0) + 1
  const open = counts.length - 1
  counts[open] = Math.max(counts[open]!, counts[open - 1] ?? stepsPerEpoch)
  let first = 0
  return steps.map(({ epoch }, index) => {
    if (epoch !== steps[index - 1]?.epoch) first = index
    return epoch + (index - first + 0.5) / counts[epoch]!
  })
}

function lossChart(frame: Frame): Html {
  const { record, epochs, limit } = frame
  const train = record.logs.flatMap((log) => trainLosses(frame, log))
  // What fastai prints as the training loss; worth showing where a source documents it.
  const printed = curveOf(record, 'train', 'smoothLoss').length > 0
  return figure(
    'Loss',
    [
      ['train', 'train, smoothed over steps'],
      ['thin train', 'every step'],
      ['valid', 'valid'],
      ...documentedLegend(frame, 'loss', 'documented train, mean of the epoch'),
      ...(printed ? [['dot train', 'train, running mean'] as [Sign, string]] : []),
      ...documentedLegend(frame, 'smoothLoss', 'documented train, running mean'),
    ],
    drawLineChart({
      summary: `Training and validation loss of ${record.logs.length} seeds over ${epochs} epochs.`,
      height: 300,
      x: { label: 'epoch', domain: [0, epochs] },
      y: { label: 'loss' },
      lines: [
        ...train,
        ...epochLines(frame, 'loss', 'valid'),
        ...documentedLines(frame, 'loss'),
        ...documentedLines(frame, 'smoothLoss'),
      ],
      marks: [
        ...epochDots(frame, 'loss', 'valid'),
        ...documentedMarks(frame, 'loss'),
        ...(printed ? epochDots(frame, 'smoothLoss', 'train') : []),
        ...documentedMarks(frame, 'smoothLoss'),
      ],
      labels: endLabels(frame, 'loss', ['train', 'valid']),
      limit,
    }),
  )
}

/** Every training step of a seed, raw and smoothed; a step is drawn in the middle of its duration. */
function trainLosses({ stepsPerEpoch, opacity, record }: Frame, log: SeedLog): Line[] {
  const { seed, steps } = log
  const places = placesOf(log, stepsPerEpoch)
  const losses = steps.map(({ loss }) => loss)
  const window = Math.max(5, Math.round(stepsPerEpoch / 10), Math.round(steps.length / 60))
  const at = (values: readonly number[]): Point[] => places.map((x, index) => ({ x, y: values[index]! }))
  const title = `seed ${seed}, training loss`
  const faint = Math.max(0.06, 0.5 * record.logs.length ** -0.75)
  return [
    { tone: 'train', look: 'thin', steps: true, points: at(losses), title, opacity: faint },
    { tone: 'train', look: 'line', steps: true, points: at(smooth(losses, window)), title, seed, opacity },
  ]
}

function metricChart(frame: Frame, metric: string): Html {
  const { record, epochs, limit } = frame
  const percent = isPercent(formatOf(record, metric))
  return figure(
    metric.charAt(0).toUpperCase() + metric.slice(1),
    [['train', 'train'], ['valid', 'valid'], ...documentedLegend(frame, metric, 'documented train')],
    drawLineChart({
      summary: `Training and validation ${metric} of ${record.logs.length} seeds after each of ${epochs} epochs.`,
      height: 300,
      x: { label: 'epoch', domain: epochs === 1 ? [0, 1] : [1, epochs] },
      y: { label: percent ? `${metric}, %` : metric, percent },
      lines: [
        ...epochLines(frame, metric, 'train'),
        ...epochLines(frame, metric, 'valid'),
        ...documentedLines(frame, metric),
      ],
      marks: [
        ...epochDots(frame, metric, 'train'),
        ...epochDots(frame, metric, 'valid'),
        ...documentedMarks(frame, metric),
      ],
      labels: endLabels(frame, metric, ['train', 'valid']),
      limit,
    }),
  )
}

const formatOf = ({ manifest }: RunRecord, metric: string) => metricOf(manifest, metric).format

/** One line a seed through its values after each epoch. */
function epochLines({ record, opacity }: Frame, metric: string, split: Split): Line[] {
  return record.logs.map(({ seed, epochs }) => ({
    tone: split,
    look: 'line',
    seed,
    opacity,
    points: epochs.map((epoch) => ({ x: epoch.epoch + 1, y: epoch[split][metric] ?? null })),
    title: `seed ${seed}, ${split} ${metric}`,
  }))
}

function epochDots({ record, everyPoint }: Frame, metric: string, split: Split): Mark[] {
  if (!everyPoint) return []
  return record.logs.flatMap(({ seed, epochs }) =>
    epochs.flatMap((epoch) => {
      const y = epoch[split][metric]
      if (y === undefined) return []
      const title = `seed ${seed}, ${split} ${metric} after epoch ${epoch.epoch + 1}: ${formatValue(formatOf(record, metric), y)}`
      return [{ tone: split, shape: 'dot', x: epoch.epoch + 1, y, title, size: 1 } satisfies Mark]
    }),
  )
}

/** Documented values that are drawn one by one; a longer curve is a line with signs on some of its points. */
const fewMarks = 24

interface DocumentedCurve {
  readonly split: Split
  readonly points: readonly Point[]
  /** The values are means over their epochs, so they belong to the middle of it. */
  readonly overEpoch: boolean
}

function documentedCurves({ record, epochs }: Frame, metric: string): DocumentedCurve[] {
  const splits: readonly Split[] = ['train', 'valid']
  return splits.map((split) => {
    const overEpoch = metric === 'loss' && split === 'train'
    const values = curveOf(record, split, metric).slice(0, epochs)
    return { split, overEpoch, points: values.map((y, index) => ({ x: overEpoch ? index + 0.5 : index + 1, y })) }
  })
}

function documentedMarks(frame: Frame, metric: string): Mark[] {
  const { record } = frame
  return documentedCurves(frame, metric).flatMap(({ split, points, overEpoch }) => {
    const every = points.length <= fewMarks ? 1 : Math.ceil(points.length / 12)
    const shown = (index: number) => (points.length - 1 - index) % every === 0
    return points.flatMap(({ x, y }, index) => {
      if (y === null || !shown(index)) return []
      const title = `documented ${split} ${metric}, epoch ${index + 1}: ${formatValue(formatOf(record, metric), y)}`
      const shape = split === 'train' ? 'square' : 'diamond'
      return [{ tone: split, shape, x, y, title, ...(overEpoch && every === 1 ? { span: 0.5 } : {}) } satisfies Mark]
    })
  })
}

function documentedLines(frame: Frame, metric: string): Line[] {
  return documentedCurves(frame, metric)
    .filter(({ points }) => points.length > fewMarks)
    .map(({ split, points }) => ({
      tone: split,
      look: 'dashed',
      points,
      title: `documented ${split} ${metric}`,
    }))
}

/** The name of each split at the mean of its last values. */
function endLabels({ record }: Frame, metric: string, splits: readonly Split[]): EndLabel[] {
  return splits.flatMap((split) => {
    const last = record.logs.flatMap(({ epochs }) => epochs.at(-1)?.[split][metric] ?? [])
    return last.length === 0 ? [] : [{ tone: split, text: split, y: mean(last) }]
  })
}

function documentedLegend({ record }: Frame, metric: string, trainLabel: string): [Sign, string][] {
  const has = (split: Split) => curveOf(record, split, metric).some((value) => value !== null)
  return [
    ...(has('train') ? [['square train', trainLabel] as [Sign, string]] : []),
    ...(has('valid') ? [['diamond valid', 'documented valid'] as [Sign, string]] : []),
  ]
}

function curveOf({ manifest }: RunRecord, split: Split, metric: string): readonly (number | null)[] {
  return manifest.reported?.curve?.[split]?.[metric] ?? []
}

/** A hyperparameter over the steps; all seeds follow one schedule, so the longest log shows it. */
function scheduleChart(
  { record, stepsPerEpoch, epochs }: Frame,
  key: 'learningRate' | 'momentum',
  name: string,
  tone: Tone,
): Html | null {
  const log = record.logs.reduce((a, b) => (b.steps.length > a.steps.length ? b : a))
  if (log.steps.every((step) => step[key] === undefined)) return null
  const places = placesOf(log, stepsPerEpoch)
  const points = log.steps.map((step, index) => ({ x: places[index]!, y: step[key] ?? null }))
  const title = name.charAt(0).toUpperCase() + name.slice(1)
  return figure(
    title,
    [],
    drawLineChart({
      summary: `${title} of every step over ${epochs} epochs.`,
      height: 156,
      x: { label: 'epoch', domain: [0, epochs] },
      y: { label: '', fromZero: key === 'learningRate' },
      lines: [{ tone, look: 'line', points, title: name }],
      marks: [],
      limit: 400,
    }),
  )
}

/** A chart with its title and the meaning of its signs. */
export function figure(title: string, legend: readonly (readonly [sign: Sign, label: string])[], chart: Html): Html {
  const keys = legend.map(([sign, label]) => html`<li><span class="key ${sign}"></span>${label}</li>`)
  return html`<figure><figcaption><span class="figure-title">${title}</span>${legend.length > 0 && html`<ul class="legend">${keys}</ul>`}</figcaption>${chart}</figure>`
}
