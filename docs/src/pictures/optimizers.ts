import type { NamedParam } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import layerDecay from '@tricklab/plugin-layer-decay'
import sam from '@tricklab/plugin-sam'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { curve, drawing, label, plot, round, spaced } from './draw.ts'
import type { Picture } from './types.ts'

/** A narrow minimum at 0 and a wide one at 3. */
const loss = (w: number) => 1.3 - Math.exp(-((w / 0.25) ** 2)) - 0.9 * Math.exp(-(((w - 3) / 1.5) ** 2))
const slope = (w: number) => (loss(w + 1e-4) - loss(w - 1e-4)) / 2e-4

/** The ways of SAM and of plain descent that begin beside the narrow minimum. */
export async function samPicture(): Promise<Picture> {
  const [rho, learningRate, start] = [0.6, 0.05, 0.3]
  const inner = { use: 'sgd', learningRate }
  const plainWay = await descend(inner, start)
  const flatWay = await descend({ use: 'sam', rho, inner }, start)
  const { x, y, axes } = plot({
    ...{ left: 40, top: 30, width: 640, height: 230 },
    xTicks: [-1, 0, 1, 2, 3, 4, 5],
    yTicks: [0, 0.5, 1, 1.5],
    xTitle: 'a weight',
    yTitle: 'loss',
  })
  const ground = spaced(-1, 5, 241).map((w) => [x(w), y(loss(w))] as const)
  const dots = (way: readonly number[], colour: string) =>
    way.map((w) => html`<circle cx="${round(x(w))}" cy="${round(y(loss(w)))}" r="3" fill="var(--${colour})"/>`)
  return {
    svg: drawing(700, 310, 'A loss with a narrow and a wide minimum, and the ways of two optimizers', [
      axes,
      curve(ground, 'soft'),
      html`${dots(plainWay, 'valid')}${dots(flatWay, 'train')}`,
      label(670, 22, 'blue: SAM, orange: SGD', 'end'),
    ]),
    caption: `Both begin at ${start}, beside a narrow minimum. SGD falls into it; SAM, whose gradients are those ${rho} uphill, stays out.`,
  }
}

async function descend(use: { readonly use: string; readonly [option: string]: unknown }, start: number) {
  const optimizer = build('optimizer', use, {}, sam as unknown as Plugin)
  const value = tf.variable(tf.scalar(start))
  const params: NamedParam[] = [{ path: 'w', role: 'weight', value }]
  const here = () => value.dataSync()[0]!
  const way = [start]
  for (let step = 1; step <= 120; step++) {
    const gradient = tf.scalar(slope(here()))
    await optimizer.step(params, [gradient], { learningRate: 0.05 }, step, async () => ({
      loss: tf.scalar(loss(here())),
      gradients: [tf.scalar(slope(here()))],
    }))
    gradient.dispose()
    way.push(here())
  }
  optimizer.dispose()
  value.dispose()
  return way
}

/** How far one step moves the layers of a network. */
export async function layerDecayPicture(): Promise<Picture> {
  const decay = 0.75
  const layers = ['stem', 'stage1', 'stage2', 'stage3', 'stage4', 'head']
  const use = { use: 'layer-decay', decay, inner: { use: 'sgd', learningRate: 1 } }
  const optimizer = build('optimizer', use, {}, layerDecay as unknown as Plugin)
  const params = layers.map((name): NamedParam => {
    return { path: `${name}/weight`, role: 'weight', value: tf.variable(tf.scalar(0)) }
  })
  const gradients = params.map(() => tf.scalar(-1))
  await optimizer.step(params, gradients, { learningRate: 1 }, 1)
  const rates = params.map(({ value }) => value.dataSync()[0]!)
  optimizer.dispose()
  tf.dispose([...gradients, ...params.map(({ value }) => value)])
  const bars = rates.map((rate, index) => {
    const [left, height] = [20 + 112 * index, 180 * rate]
    return html`<rect x="${left}" y="${round(210 - height)}" width="96" height="${round(height)}" fill="var(--train)"/>${label(left + 48, 232, layers[index]!, 'middle', 'strong')}${label(left + 48, 202 - height, `× ${rate.toFixed(2)}`)}`
  })
  return {
    svg: drawing(700, 250, 'Learning rates that grow from the stem of a network to its head', bars),
    caption: `The learning rate of every layer with a decay of ${decay}, read from a step of the plugin: the head has the schedule’s.`,
  }
}
