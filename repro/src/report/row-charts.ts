import { formatValue } from '../format.ts'
import type { RunRecord, SeedLog } from '../record/read.ts'
import { drawLineChart, type Line, type Tone } from './chart/line-chart.ts'
import type { Mark } from './chart/marks.ts'
import { type Point, smooth } from './chart/points.ts'
import { type Html, html } from './html.ts'

type Split = 'train' | 'valid'
type Sign = Tone | Mark['shape'] | `${Mark['shape']} ${Tone}` | `thin ${Tone}`

/** Where a record stands: what all its charts have in common. */
interface Frame {
  readonly record: RunRecord
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
  const lastStep = Math.max(...logs.map(({ steps }) => steps.at(-1)?.step ?? 0))
  const epochs = Math.max(1, Math.ceil(lastStep / stepsPerEpoch))
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
  return [...new Set(names)].filter((name) => name !== 'loss')
}

function lossChart(frame: Frame): Html {
  const { record, epochs, limit } = frame
  const train = record.logs.flatMap((log) => trainLosses(frame, log))
  const marks = documentedMarks(frame, 'loss')
  return figure(
    'Loss',
    [
      ['train', 'train, smoothed over steps'],
      ['thin train', 'every step'],
      ['valid', 'valid'],
      ...documentedLegend(frame, 'loss', 'documented train, mean of the epoch'),
    ],
    drawLineChart({
      summary: `Training and validation loss of ${record.logs.length} seeds over ${epochs} epochs.`,
      height: 300,
      x: { label: 'epoch', domain: [0, epochs] },
      y: { label: 'loss' },
      lines: [...train, ...epochLines(frame, 'loss', 'valid')],
      marks: [...epochDots(frame, 'loss', 'valid'), ...marks],
      limit,
    }),
  )
}

/** Every training step of a seed, raw and smoothed; a step is drawn in the middle of its duration. */
function trainLosses({ stepsPerEpoch, opacity, record }: Frame, { seed, steps }: SeedLog): Line[] {
  const losses = steps.map(({ loss }) => loss)
  const window = Math.max(5, Math.round(stepsPerEpoch / 10), Math.round(steps.length / 60))
  const at = (values: readonly number[]): Point[] =>
    steps.map(({ step }, index) => ({ x: (step - 0.5) / stepsPerEpoch, y: values[index]! }))
  const title = `seed ${seed}, training loss`
  const faint = Math.max(0.15, 0.5 / Math.sqrt(record.logs.length))
  return [
    { tone: 'train', look: 'thin', steps: true, points: at(losses), title, opacity: faint },
    { tone: 'train', look: 'line', steps: true, points: at(smooth(losses, window)), title, seed, opacity },
  ]
}

function metricChart(frame: Frame, metric: string): Html {
  const { record, epochs, limit } = frame
  const percent = formatValue(metric, 0).endsWith('%')
  return figure(
    metric.charAt(0).toUpperCase() + metric.slice(1),
    [['train', 'train'], ['valid', 'valid'], ...documentedLegend(frame, metric, 'documented train')],
    drawLineChart({
      summary: `Training and validation ${metric} of ${record.logs.length} seeds after each of ${epochs} epochs.`,
      height: 300,
      x: { label: 'epoch', domain: epochs === 1 ? [0, 2] : [1, epochs] },
      y: { label: percent ? `${metric}, %` : metric, percent },
      lines: [...epochLines(frame, metric, 'train'), ...epochLines(frame, metric, 'valid')],
      marks: [
        ...epochDots(frame, metric, 'train'),
        ...epochDots(frame, metric, 'valid'),
        ...documentedMarks(frame, metric),
      ],
      limit,
    }),
  )
}

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
      const title = `seed ${seed}, ${split} ${metric} after epoch ${epoch.epoch + 1}: ${formatValue(metric, y)}`
      return [{ tone: split, shape: 'dot', x: epoch.epoch + 1, y, title, size: 1 } satisfies Mark]
    }),
  )
}

/** The documented curve. A training loss is a mean over its epoch, so it is drawn as a bar across it. */
function documentedMarks({ record, epochs, everyPoint }: Frame, metric: string): Mark[] {
  const splits: readonly Split[] = ['train', 'valid']
  return splits.flatMap((split) => {
    const overEpoch = metric === 'loss' && split === 'train'
    return curveOf(record, split, metric).flatMap((y, index) => {
      if (y === null || index >= epochs) return []
      const title = `documented ${split} ${metric}, epoch ${index + 1}: ${formatValue(metric, y)}`
      const shape = split === 'train' ? 'square' : 'diamond'
      const mark: Mark = { tone: split, shape, x: overEpoch ? index + 0.5 : index + 1, y, title }
      return [{ ...mark, size: everyPoint ? 1 : 0.6, ...(overEpoch ? { span: 0.5 } : {}) }]
    })
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
  const steps = record.logs.map((log) => log.steps).reduce((a, b) => (b.length > a.length ? b : a))
  if (steps.every((step) => step[key] === undefined)) return null
  const points = steps.map((step) => ({ x: (step.step - 0.5) / stepsPerEpoch, y: step[key] ?? null }))
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

function figure(title: string, legend: readonly (readonly [sign: Sign, label: string])[], chart: Html): Html {
  const keys = legend.map(([sign, label]) => html`<li><span class="key ${sign}"></span>${label}</li>`)
  return html`<figure><figcaption><span class="figure-title">${title}</span>${legend.length > 0 && html`<ul class="legend">${keys}</ul>`}</figcaption>${chart}</figure>`
}
