import * as tf from '@tricklab/core/tf'
import { mish } from '@tricklab/plugin-mish'
import { html } from '@tricklab/repro'
import { curve, drawing, label, plot, spaced } from './draw.ts'
import type { Picture } from './types.ts'

/** The curve and its slope, computed by the plugin's own operation. */
export function mishPicture(): Picture {
  const points = spaced(-6, 3, 181)
  const [values, slopes] = tf.tidy(() => {
    const x = tf.tensor4d(points, [1, 1, 1, points.length])
    const slope = tf.grad((at) => mish(at as tf.Tensor4D))(x)
    return [mish(x).dataSync(), slope.dataSync()]
  })
  const { x, y, axes } = plot({
    left: 50,
    top: 16,
    width: 620,
    height: 290,
    xTicks: [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3],
    yTicks: [-1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3],
    xTitle: 'x',
  })
  const path = (ys: ArrayLike<number>) => points.map((point, index) => [x(point), y(ys[index]!)] as const)
  const lowest = points.reduce((best, _, index) => (values[index]! < values[best]! ? index : best), 0)
  return {
    svg: drawing(700, 350, 'Mish and its derivative from −6 to 3, beside ReLU', [
      axes,
      curve(path(points.map((point) => Math.max(0, point))), 'soft', '4 4'),
      curve(path(slopes), 'valid'),
      curve(path(values), 'train'),
      html`<circle cx="${x(points[lowest]!)}" cy="${y(values[lowest]!)}" r="4" fill="var(--train)"/>`,
      label(
        x(points[lowest]!),
        y(values[lowest]!) + 22,
        `${values[lowest]!.toFixed(3).replace('-', '−')} at x = ${points[lowest]!.toFixed(2).replace('-', '−')}`,
      ),
      label(x(2.2), y(2.55), 'Mish', 'end', 'strong'),
      label(x(2.95), y(1.16), 'its derivative', 'end', 'strong'),
      label(x(-5.9), y(0.09), 'ReLU', 'start'),
    ]),
    caption:
      'Mish is smooth and lets small negative values through; its derivative exceeds 1 a little between 1 and 3.',
  }
}
