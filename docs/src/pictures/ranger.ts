import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import ranger from '@tricklab/plugin-ranger'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { curve, drawing, label, line, plot, round, spaced } from './draw.ts'
import type { Picture } from './types.ts'

type Point = readonly [x: number, y: number]

const steps = 60
const learningRate = 0.12
const start: Point = [-4, 1.6]
/** f = (x² + steep · y²) / 2: a valley along x. */
const steep = 8

/** The way of two optimizers down the same valley, each stepped by its own code. */
export function rangerPicture(): Picture {
  const { x, y, axes } = plot({
    left: 40,
    top: 14,
    width: 640,
    height: 270,
    xTicks: [-5, -4, -3, -2, -1, 0, 1, 2],
    yTicks: [-2, -1, 0, 1, 2],
  })
  const at = ([a, b]: Point) => [x(a), y(b)] as const
  const levels = [0.25, 1, 2.5, 5, 8, 12].map((value) => {
    const ring = spaced(0, 2 * Math.PI, 721).map(
      (angle): Point => [Math.sqrt(2 * value) * Math.cos(angle), Math.sqrt((2 * value) / steep) * Math.sin(angle)],
    )
    const inside = ring.filter(([a]) => a >= -5 && a <= 2)
    return html`<path class="grid" d="${line(inside.map(at))}"/>`
  })
  const adam = descend({ use: 'adamw', learningRate, weightDecay: 0 })
  const path = descend({ use: 'ranger', learningRate, weightDecay: 0 })
  const synchronised = path.filter((_, step) => step > 0 && step % 6 === 0)
  return {
    svg: drawing(700, 330, 'The way of Ranger and of AdamW down a valley', [
      ...levels,
      axes,
      curve(adam.map(at), 'valid', '5 4'),
      curve(path.map(at), 'train'),
      html`${synchronised.map((point) => html`<circle cx="${round(at(point)[0])}" cy="${round(at(point)[1])}" r="4.5" fill="var(--surface)" stroke="var(--train)" stroke-width="2"/>`)}`,
      html`<circle cx="${x(start[0])}" cy="${y(start[1])}" r="4" fill="var(--ink)"/>`,
      label(x(start[0]) - 8, y(start[1]) - 8, 'start', 'end'),
      html`<path class="curve" d="M480 36h26" stroke="var(--train)"/><path class="curve" d="M480 58h26" stroke="var(--valid)" stroke-dasharray="5 4"/>`,
      label(514, 40, 'Ranger; rings: lookahead', 'start', 'strong'),
      label(514, 62, 'AdamW', 'start', 'strong'),
    ]),
    caption: `${steps} steps of each at the same learning rate on (x² + ${steep}y²)/2. Ranger’s first five steps are plain ones of the mean gradient; every sixth goes back to half of the way since the last.`,
  }
}

/** Where the weights are before the first step and after each. */
function descend(use: { readonly use: string; readonly [option: string]: unknown }): Point[] {
  const optimizer = build('optimizer', use, {}, ranger as unknown as Plugin)
  const value = tf.variable(tf.tensor1d([...start]))
  const points: Point[] = [start]
  for (let step = 1; step <= steps; step++) {
    const [a, b] = points.at(-1)!
    const gradient = tf.tensor1d([a, steep * b])
    optimizer.step([{ path: 'weights', role: 'weight', value }], [gradient], { learningRate }, step)
    gradient.dispose()
    const [c, d] = value.dataSync()
    points.push([c!, d!])
  }
  optimizer.dispose()
  value.dispose()
  return points
}
