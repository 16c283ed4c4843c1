import { createRng } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import blurpool from '@tricklab/plugin-blurpool'
import { type Html, html } from '@tricklab/repro'
import { build } from './components.ts'
import { drawing, label, round } from './draw.ts'
import type { Picture } from './types.ts'

const pools = [
  { title: 'max pool, stride 2', use: 'max-pool' },
  { title: 'blurpool', use: 'blurpool' },
] as const

/** A line of one pixel, moved step by step, and what two pools make of it. */
export function blurpoolPicture(): Picture {
  const side = 16
  const shifts = [0, 1, 2, 3]
  const columns = shifts.map((shift, index) => {
    const left = 130 + 142 * index
    const signal = Array.from({ length: side }, (_, at) => Number(at === 6 + shift))
    const rows = pools.map(({ use }, row) => strip(pooled(use, signal), left, 84 + 54 * row, 'train'))
    return html`${label(left + 64, 20, `line at ${6 + shift}`, 'middle', 'strong')}${strip(signal, left, 30, 'soft')}${rows}`
  })
  const titles = [
    label(0, 50, 'input', 'start'),
    ...pools.map(({ title }, row) => label(0, 110 + 54 * row, title, 'start', 'strong')),
  ]
  const taps = [1, 5, 10, 10, 5, 1]
  const kernel = taps.map(
    (tap, index) =>
      html`<rect x="${130 + 30 * index}" y="${round(256 - 5 * tap)}" width="22" height="${5 * tap}" fill="var(--valid)"/>${label(141 + 30 * index, 274, String(tap))}`,
  )
  return {
    svg: drawing(700, 282, 'A line of one pixel at four places, after a max pool and after blurpool; the filter', [
      ...columns,
      ...titles,
      label(0, 232, 'the filter, / 32', 'start', 'strong'),
      ...kernel,
    ]),
    caption:
      'One row of the map. A max pool makes one pixel of the line or two, by the parity of its place; what blurpool makes of it keeps its shape, mirrored, and moves along by half a pixel.',
  }
}

/** Bars from 0 to 1, one a pixel. */
function strip(values: readonly number[], left: number, top: number, colour: string): Html {
  const width = 128 / values.length
  const height = 36
  return html`${values.map(
    (value, index) =>
      value > 0.001 &&
      html`<rect x="${round(left + width * index)}" y="${round(top + height * (1 - value))}" width="${round(width - 1.5)}" height="${round(height * value)}" fill="var(--${colour})"/>`,
  )}<path class="axis" d="M${left} ${top + height}h128"/>`
}

function pooled(use: string, signal: readonly number[]): number[] {
  const context = { inputChannels: 1, outputChannels: 1, stride: 2, kernelSize: 3, activate: false, init: createRng(0) }
  const block = build('block', { use }, context, blurpool as unknown as Plugin)
  return tf.tidy(() => {
    const rows = Array.from({ length: signal.length }, () => signal)
    const images = tf.tensor4d(rows.flat(), [1, signal.length, signal.length, 1])
    const out = block.apply(images, { training: false, rng: createRng(0) })
    const [, height, width] = out.shape
    return [...tf.slice(out, [0, height >> 1, 0, 0], [1, 1, width, 1]).dataSync()]
  })
}
