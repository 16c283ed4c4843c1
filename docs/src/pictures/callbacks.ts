import type { Batch, NamedParam } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import cutmix from '@tricklab/plugin-cutmix'
import earlyStop from '@tricklab/plugin-early-stop'
import ema from '@tricklab/plugin-ema'
import gradientClip from '@tricklab/plugin-gradient-clip'
import swa from '@tricklab/plugin-swa'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { curve, drawing, label, plot, round } from './draw.ts'
import { fish, imageAt, landscape } from './images.ts'
import type { Picture } from './types.ts'

const context = { source: undefined as never, metrics: [] }

/** Six cuts that the plugin drew, each with its target. */
export async function cutmixPicture(): Promise<Picture> {
  const size = 48
  const callback = build('callback', { use: 'cutmix', per: 'sample' }, context, cutmix as unknown as Plugin)
  const images = tf.tensor4d([...landscape(size, size).values, ...fish(size, size).values], [2, size, size, 3])
  const targets = tf.tensor2d([1, 0, 0, 1], [2, 2])
  const cuts: { share: number; values: Float32Array }[] = []
  for (let step = 0; cuts.length < 6; step++) {
    const batch = { training: true, size: 2, step, epoch: 0, index: step, images, targets } as Batch
    const answer = (await callback.beforeBatch!(batch)) as Batch
    const [share] = answer.targets.dataSync()
    const values = tf.slice(answer.images, [0, 0, 0, 0], [1, size, size, 3]).dataSync() as Float32Array
    // An image may be its own partner: there is nothing to see then.
    if (share! < 0.98) cuts.push({ share: share!, values })
  }
  const parts = await Promise.all(
    cuts.map(async ({ share, values }, index) => {
      const left = 10 + 116 * index
      const image = await imageAt({ width: size, height: size, values }, left, 10, 104)
      return html`${image}${label(left + 52, 134, `λ = ${share.toFixed(2)}`, 'middle', 'strong')}<rect x="${left}" y="144" width="${(104 * share).toFixed(1)}" height="10" fill="var(--train)"/><rect x="${(left + 104 * share).toFixed(1)}" y="144" width="${(104 * (1 - share)).toFixed(1)}" height="10" fill="var(--valid)"/>`
    }),
  )
  return {
    svg: drawing(710, 188, 'A landscape with rectangles of a fish, each with its target', [
      ...parts,
      label(10, 178, 'below each image its target: landscape blue, fish orange', 'start'),
    ]),
    caption: 'Rectangles that the plugin drew; the target goes by the share of pixels that are left of the image.',
  }
}

/** A noisy way of one weight, and its average. */
export function emaPicture(): Picture {
  const decay = 0.9
  const callback = build('callback', { use: 'ema', decay }, context, ema as unknown as Plugin)
  const value = tf.variable(tf.scalar(0))
  const params: NamedParam[] = [{ path: 'w', role: 'weight', value }]
  callback.beforeFit!({ params } as never)
  const [trained, averaged] = [[0], [0]]
  for (let step = 0; step < 80; step++) {
    const next = 1 - Math.exp(-step / 15) + 0.35 * Math.sin(1.7 * step * step)
    tf.tidy(() => value.assign(tf.scalar(next)))
    callback.afterStep!({ step, params })
    trained.push(next)
    averaged.push(callback.evaluationWeights!().w!.dataSync()[0]!)
  }
  callback.dispose!()
  value.dispose()
  const { x, y, axes } = plot({
    ...{ left: 40, top: 30, width: 640, height: 220 },
    xTicks: [0, 20, 40, 60, 80],
    yTicks: [-0.5, 0, 0.5, 1, 1.5],
    xTitle: 'updates',
    yTitle: 'a weight',
  })
  const points = (values: readonly number[]) => values.map((entry, step) => [x(step), y(entry)] as const)
  return {
    svg: drawing(700, 300, 'A weight that jumps about, and the smooth way of its average', [
      axes,
      curve(points(trained), 'valid'),
      curve(points(averaged), 'train'),
      label(670, 22, 'blue: the average, orange: what is trained', 'end'),
    ]),
    caption: `One weight over 80 updates and its average of decay ${decay}, by the plugin’s own code. Validation sees the average.`,
  }
}

/** Losses of a training, and where it ends. */
export async function earlyStopPicture(): Promise<Picture> {
  const patience = 4
  const callback = build('callback', { use: 'early-stop', patience }, context, earlyStop as unknown as Plugin)
  const losses = Array.from(
    { length: 24 },
    (_, epoch) => 0.5 + 1.2 * Math.exp(-epoch / 3) + 0.025 * epoch + 0.05 * Math.sin(2 * epoch),
  )
  let end = losses.length - 1
  for (const [epoch, loss] of losses.entries()) {
    const scores = { loss }
    if ((await callback.afterEpoch!({ epoch, step: epoch, train: scores, valid: scores })) === undefined) continue
    end = epoch
    break
  }
  const best = losses.indexOf(Math.min(...losses.slice(0, end + 1)))
  const { x, y, axes } = plot({
    ...{ left: 40, top: 30, width: 640, height: 220 },
    xTicks: [0, 5, 10, 15, 20],
    yTicks: [0.5, 1, 1.5, 2],
    xTitle: 'epochs',
    yTitle: 'loss of the validation',
  })
  const points = losses.slice(0, 21).map((loss, epoch) => [x(epoch), y(loss)] as const)
  const dot = (epoch: number, colour: string) =>
    html`<circle cx="${round(x(epoch))}" cy="${round(y(losses[epoch]!))}" r="5" fill="var(--${colour})"/>`
  return {
    svg: drawing(700, 300, 'A loss that falls and rises again, and the epoch at which the training ends', [
      axes,
      curve(points.slice(end), 'valid', '5 4'),
      curve(points.slice(0, end + 1), 'train'),
      dot(best, 'train'),
      dot(end, 'valid'),
      label(x(best), y(losses[best]!) + 24, 'best', 'middle', 'strong'),
      label(x(end), y(losses[end]!) - 14, 'ends here', 'middle', 'strong'),
    ]),
    caption: `With a patience of ${patience} epochs the training ends after epoch ${end}: the best loss is that of epoch ${best}.`,
  }
}

/** The gradient of a few weights before and after it is clipped. */
export async function gradientClipPicture(): Promise<Picture> {
  const limit = 1
  const given = Array.from({ length: 16 }, (_, index) => Math.sin(0.7 * index * index) * (index === 4 ? 1.6 : 0.5))
  const gradient = tf.tensor1d(given)
  const clipped = async (by: 'norm' | 'value') => {
    const use = { use: 'gradient-clip', by, limit: by === 'norm' ? limit : 0.5 }
    const callback = build('callback', use, context, gradientClip as unknown as Plugin)
    const answer = (await callback.afterBackward!({ step: 0, params: [], gradients: [gradient] })) as {
      gradients: readonly tf.Tensor[]
    }
    const values = [...answer.gradients[0]!.dataSync()]
    tf.dispose([...answer.gradients])
    return values
  }
  const rows = [given, await clipped('norm'), await clipped('value')]
  gradient.dispose()
  const names = ['the gradient', `by norm, limit ${limit}`, 'by value, limit 0.5']
  const bars = rows.map((values, row) => {
    const middle = 50 + 92 * row
    return html`${label(10, middle - 34, names[row]!, 'start', 'strong')}<path class="axis" d="M10 ${middle}h680"/>${values.map(
      (value, index) =>
        html`<rect x="${20 + 42 * index}" y="${round(middle - Math.max(0, value) * 30)}" width="30" height="${round(Math.abs(value) * 30)}" fill="var(--${row === 0 ? 'valid' : 'train'})"/>`,
    )}`
  })
  return {
    svg: drawing(700, 290, 'Sixteen numbers of a gradient, clipped by their norm and by value', bars),
    caption:
      'Clipping by norm keeps the direction and shortens all numbers alike; clipping by value cuts the largest only.',
  }
}

/** A weight that moves about its goal, its means over the last epochs, and what validation sees. */
export function swaPicture(): Picture {
  const [epochs, start] = [12, 0.5]
  const callback = build('callback', { use: 'swa', start }, context, swa as unknown as Plugin)
  const value = tf.variable(tf.scalar(0))
  const params: NamedParam[] = [{ path: 'w', role: 'weight', value }]
  callback.beforeFit!({ params, epochs, firstStep: 0, stepsPerEpoch: 1 } as never)
  const [trained, averaged]: [number, number][][] = [[], []]
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const next = 1 - Math.exp(-epoch / 2) + 0.35 * Math.sin(1.7 * epoch * epoch)
    tf.tidy(() => value.assign(tf.scalar(next)))
    callback.afterStep!({ step: epoch - 1, params })
    trained!.push([epoch, next])
    const mean = callback.evaluationWeights!().w
    if (mean !== undefined) averaged!.push([epoch, mean.dataSync()[0]!])
  }
  callback.dispose!()
  value.dispose()
  const { x, y, axes } = plot({
    ...{ left: 40, top: 30, width: 640, height: 220 },
    xTicks: [0, 2, 4, 6, 8, 10, 12],
    yTicks: [0, 0.5, 1, 1.5],
    xTitle: 'epochs',
    yTitle: 'a weight',
  })
  const points = (values: readonly [number, number][]) => values.map(([epoch, entry]) => [x(epoch), y(entry)] as const)
  return {
    svg: drawing(700, 300, 'A weight at the end of every epoch, and its mean over the last six', [
      axes,
      curve(points(trained!), 'valid'),
      curve(points(averaged!), 'train'),
      label(670, 22, 'blue: the mean, orange: what is trained', 'end'),
    ]),
    caption: 'From the second half on, every epoch joins the mean. Each counts as much as any other.',
  }
}
