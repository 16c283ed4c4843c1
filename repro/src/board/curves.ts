import { formatValue, isPercent } from '../format.ts'
import { metricOf } from '../record/metrics.ts'
import { drawLineChart, type Line, type Tone } from '../report/chart/line-chart.ts'
import { smooth } from '../report/chart/points.ts'
import { type Html, html } from '../report/html.ts'
import { figure, placesOf } from '../report/row-charts.ts'
import type { BoardRun, BoardSeed } from './seeds.ts'

/** Colours of runs; so many are drawn. */
export const runTones: readonly Tone[] = ['train', 'valid', 'schedule', 'momentum', 'bad', 'ink']

/** Loss and the scores that the runs have, each with the curves of all seeds in one frame; a run has one colour. */
export function drawCurves(seeds: readonly BoardSeed[]): Html {
  const runs = [...new Set(seeds.map(({ run }) => run))]
  const toneOf = (run: BoardRun) => runTones[runs.indexOf(run)]!
  const names = new Set(seeds.flatMap(({ log }) => log.epochs.flatMap(({ valid }) => Object.keys(valid))))
  names.delete('loss')
  return html`<ul class="legend">${runs.map((run) => html`<li class="${toneOf(run)}"><span class="key"></span>${titleOf(run)}</li>`)}</ul>
<div class="charts many">${lossCurves(seeds, toneOf)}
${[...names].map((name) => scoreCurves(seeds, name, toneOf))}
${rateCurves(seeds, toneOf)}</div>`
}

/** `TABLE/ROW, 2026-11-22 00:39 UTC` says which run of a row. */
export const titleOf = ({ manifest: { table, row, started } }: BoardRun): string =>
  `${table}/${row}, ${started.slice(0, 16).replace('T', ' ')} UTC`

type ToneOf = (run: BoardRun) => Tone

function lossCurves(seeds: readonly BoardSeed[], toneOf: ToneOf): Html {
  return figure(
    'Loss',
    [
      ['thin ink', 'train, smoothed over steps'],
      ['ink', 'valid'],
    ],
    chart(seeds, 'loss', { label: 'loss' }, [
      ...seeds.map((seed): Line => {
        const { log, stepsPerEpoch, run } = seed
        const places = placesOf(log, stepsPerEpoch)
        const losses = smooth(
          log.steps.map(({ loss }) => loss),
          Math.max(5, Math.round(stepsPerEpoch / 10)),
        )
        const points = places.map((x, index) => ({ x, y: losses[index]! }))
        return { tone: toneOf(run), look: 'thin', steps: true, points, title: `${nameOf(seed)}, training loss` }
      }),
      ...validLines(seeds, 'loss', toneOf),
    ]),
  )
}

function scoreCurves(seeds: readonly BoardSeed[], name: string, toneOf: ToneOf): Html {
  const { format } = metricOf(seeds[0]!.run.manifest, name)
  const percent = isPercent(format)
  return figure(
    name.charAt(0).toUpperCase() + name.slice(1),
    [],
    chart(seeds, name, { label: percent ? `${name}, %` : name, percent }, validLines(seeds, name, toneOf)),
  )
}

/** All seeds of a run follow one schedule, so the one that is furthest shows it. */
function rateCurves(seeds: readonly BoardSeed[], toneOf: ToneOf): Html {
  const furthest = new Map<BoardRun, BoardSeed>()
  for (const seed of seeds) {
    const best = furthest.get(seed.run)
    if (best === undefined || seed.log.steps.length > best.log.steps.length) furthest.set(seed.run, seed)
  }
  const lines = [...furthest.values()].map(({ run, log, stepsPerEpoch }): Line => {
    const places = placesOf(log, stepsPerEpoch)
    const points = log.steps.map(({ learningRate }, index) => ({ x: places[index]!, y: learningRate }))
    return { tone: toneOf(run), look: 'line', points, title: `${titleOf(run)}, learning rate` }
  })
  return figure('Learning rate', [], chart(seeds, 'learning rate', { label: '', fromZero: true }, lines))
}

function validLines(seeds: readonly BoardSeed[], name: string, toneOf: ToneOf): Line[] {
  return seeds.map((seed): Line => {
    const points = seed.log.epochs.map(({ epoch, valid }) => ({ x: epoch + 1, y: valid[name] ?? null }))
    const last = points.at(-1)?.y
    const now = last == null ? '' : `: ${formatValue(metricOf(seed.run.manifest, name).format, last)}`
    return { tone: toneOf(seed.run), look: 'line', points, title: `${nameOf(seed)}, validation ${name}${now}` }
  })
}

function chart(
  seeds: readonly BoardSeed[],
  name: string,
  y: { readonly label: string; readonly percent?: boolean; readonly fromZero?: boolean },
  lines: readonly Line[],
): Html {
  const last = Math.max(1, ...seeds.flatMap(({ log }) => (log.steps.at(-1)?.epoch ?? 0) + 1))
  return drawLineChart({
    summary: `${name} of ${seeds.length} seeds over ${last} epochs.`,
    height: 300,
    x: { label: 'epoch', domain: [0, last] },
    y,
    lines,
    marks: [],
    limit: 400,
  })
}

const nameOf = ({ run, seed }: BoardSeed) => `${titleOf(run)}, seed ${seed}`
