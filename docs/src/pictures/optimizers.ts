import type { NamedParam } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import lamb from '@tricklab/plugin-lamb'
import layerDecay from '@tricklab/plugin-layer-decay'
import lion from '@tricklab/plugin-lion'
import lookahead from '@tricklab/plugin-lookahead'
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

/** A long valley, ten times steeper across than along. */
const valley = { along: 1, across: 10 }

interface WaySpec {
  readonly use: { readonly use: string; readonly [option: string]: unknown }
  readonly name: string
  /** What it is compared with. */
  readonly plain: { readonly use: string; readonly [option: string]: unknown }
  readonly plainName: string
  readonly learningRate: number
  readonly steps?: number
  readonly caption: string
}

/** The ways of two optimizers down a valley, seen from above. */
async function wayPicture(plugin: Plugin, spec: WaySpec): Promise<Picture> {
  const { use, name, plain, plainName, learningRate, steps = 40, caption } = spec
  const ways = await Promise.all([plain, use].map((each) => walk(plugin, each, learningRate, steps)))
  const { x, y, axes } = plot({
    ...{ left: 40, top: 30, width: 640, height: 230 },
    xTicks: [-4, -3, -2, -1, 0, 1, 2],
    yTicks: [-1, -0.5, 0, 0.5, 1],
    xTitle: 'a weight',
    yTitle: 'another weight',
  })
  const heights = [0.1, 0.5, 1.5, 3, 5].map((height) => {
    const [rx, ry] = [Math.sqrt((2 * height) / valley.along), Math.sqrt((2 * height) / valley.across)]
    return curve(
      spaced(0, 2 * Math.PI, 73).map((angle) => [
        x(Math.max(-4, Math.min(2, rx * Math.cos(angle)))),
        y(Math.max(-1, Math.min(1, ry * Math.sin(angle)))),
      ]),
      'line',
    )
  })
  const points = (way: readonly (readonly [number, number])[]) => way.map(([a, b]) => [x(a), y(b)] as const)
  return {
    svg: drawing(700, 310, `The ways of ${name} and of ${plainName} down a valley, seen from above`, [
      axes,
      ...heights,
      curve(points(ways[0]!), 'valid'),
      curve(points(ways[1]!), 'train'),
      label(670, 22, `blue: ${name}, orange: ${plainName}`, 'end'),
    ]),
    caption,
  }
}

async function walk(plugin: Plugin, use: WaySpec['use'], learningRate: number, steps: number) {
  const optimizer = build('optimizer', use, {}, plugin)
  const value = tf.variable(tf.tensor1d([-3.5, 0.8]))
  const params: NamedParam[] = [{ path: 'w', role: 'weight', value }]
  const here = () => [...value.dataSync()] as unknown as [number, number]
  const slope = () => tf.tensor1d([valley.along * here()[0], valley.across * here()[1]])
  const way = [here()]
  for (let step = 1; step <= steps; step++) {
    const gradient = slope()
    await optimizer.step(params, [gradient], { learningRate }, step, async () => ({
      loss: tf.scalar(0),
      gradients: [slope()],
    }))
    gradient.dispose()
    way.push(here())
  }
  optimizer.dispose()
  value.dispose()
  return way
}

export const lookaheadPicture = (): Promise<Picture> => {
  const sgd = { use: 'sgd', momentum: 0.8 }
  return wayPicture(lookahead as unknown as Plugin, {
    use: { use: 'lookahead', k: 5, inner: sgd },
    name: 'lookahead around SGD',
    plain: sgd,
    plainName: 'SGD',
    learningRate: 0.08,
    caption:
      'SGD with momentum swings across a valley. Lookahead goes half of its way every five steps, which damps the swings.',
  })
}

export const lionPicture = (): Promise<Picture> =>
  wayPicture(lion as unknown as Plugin, {
    use: { use: 'lion' },
    name: 'Lion',
    plain: { use: 'sgd', momentum: 0.8 },
    plainName: 'SGD',
    learningRate: 0.08,
    caption: 'Every step of Lion is as long as every other, in each weight alike: signs know of no steepness.',
  })

export const lambPicture = (): Promise<Picture> =>
  wayPicture(lamb as unknown as Plugin, {
    use: { use: 'lamb' },
    name: 'LAMB',
    plain: { use: 'adamw' },
    plainName: 'AdamW',
    learningRate: 0.08,
    caption:
      'A step of LAMB is a fixed share of the weights: long at the start, and shorter the closer the weights come to 0.',
  })
