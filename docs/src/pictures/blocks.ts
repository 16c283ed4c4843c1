import { type Html, html } from '@tricklab/repro'
import { arrow, box, drawing, joint, label } from './draw.ts'
import type { Picture } from './types.ts'

interface Step {
  readonly lines: readonly string[]
  readonly ours?: boolean
}

const [width, height, gap] = [150, 44, 18]

/** Boxes one below the other with arrows between them, from `top` on; returns where it ends. */
function column(x: number, top: number, steps: readonly Step[]): { readonly body: Html; readonly bottom: number } {
  const body = steps.map(({ lines, ours }, index) => {
    const y = top + index * (height + gap)
    return html`${arrow([x, y - gap], [x, y])}${box(x - width / 2, y, width, height, lines, ours)}`
  })
  return { body: html`${body}`, bottom: top + steps.length * (height + gap) - gap }
}

/** A residual block: a branch, a shortcut with or without something in it, and their sum. */
function residual(x: number, title: string, branch: readonly Step[], shortcut: readonly Step[], input?: Step): Html {
  const side = x + 170
  const start = input === undefined ? 64 : 64 + height + gap
  const main = column(x, start, branch)
  const other = column(side, start, shortcut)
  const sum = main.bottom + gap + 11
  return html`${label(x + 85, 16, title, 'middle', 'strong')}${label(x, 38, 'x')}
${input !== undefined && column(x, 64, [input]).body}
${main.body}
<path class="arrow" d="M${x} ${start - gap + 3}H${side}"/>
${shortcut.length > 0 ? other.body : ''}
${arrow([x, main.bottom], [x, sum - 11])}
${arrow([side, shortcut.length > 0 ? other.bottom : start - gap + 3], [side, sum], [x + 11, sum])}
${joint(x, sum, '+')}${arrow([x, sum + 11], [x, sum + 36])}`
}

const plain = (...lines: readonly string[]): Step => ({ lines })
const ours = (...lines: readonly string[]): Step => ({ lines, ours: true })

export function poolFirstPicture(): Picture {
  return {
    svg: drawing(700, 366, 'The residual block of xresnet with stride 2, and the one that pools its input first', [
      residual(
        110,
        'xresnet, stride 2',
        [plain('1 × 1', 'norm, act'), plain('3 × 3, stride 2', 'norm, act'), plain('1 × 1', 'norm')],
        [plain('pool, stride 2'), plain('1 × 1', 'norm')],
      ),
      residual(
        440,
        'pool-first',
        [plain('1 × 1', 'norm, act'), plain('3 × 3, stride 1', 'norm, act'), plain('1 × 1', 'norm')],
        [plain('1 × 1', 'norm')],
        ours('pool, stride 2'),
      ),
    ]),
    caption:
      'One pool before both branches in place of a stride in the one and a pool in the other. The weights have the same shapes.',
  }
}

export function depthwiseExpandPicture(): Picture {
  return {
    svg: drawing(700, 306, 'A bottleneck, and the one with a depthwise convolution that makes four channels of each', [
      residual(
        110,
        'bottleneck',
        [
          plain('1 × 1: 256 → 64', 'norm, act'),
          plain('3 × 3: 64 → 64', '36,864 weights'),
          plain('1 × 1: 64 → 256', 'norm'),
        ],
        [],
      ),
      residual(
        460,
        'depthwise-expand',
        [
          plain('1 × 1: 256 → 64', 'norm, act'),
          ours('depthwise: 64 → 256', '2,304 weights'),
          plain('1 × 1: 256 → 256', 'norm'),
        ],
        [],
      ),
    ]),
    caption:
      'xresnet50’s first stage with multiplier 4. Between the depthwise convolution and the last 1 × 1 there is neither norm nor activation.',
  }
}

export function mbconvPicture(): Picture {
  const block = residual(
    110,
    'MBConv: c channels, expand 6',
    [
      plain('1 × 1: c → 6c', 'norm, swish'),
      plain('depthwise k × k', 'norm, swish'),
      ours('squeeze-and-excite', '6c → c/4 → 6c'),
      plain('1 × 1: 6c → c', 'norm'),
      ours('drop-connect'),
    ],
    [],
  )
  const widths = [32, 192, 192, 192, 32]
  const bars = widths.map((channels, index) => {
    const y = index === 0 ? 38 : 86 + (index - 1) * (height + gap)
    const size = channels * 1.4
    return html`<rect x="${560 - size / 2}" y="${y - 8}" width="${size}" height="14" rx="3" fill="var(--${index === 0 || index === 4 ? 'soft' : 'train'})" fill-opacity="0.75"/>${label(560, y + 22, String(channels))}`
  })
  return {
    svg: drawing(700, 430, 'The steps of MBConv and the number of channels after each', [
      block,
      label(560, 16, 'channels, of 32', 'middle', 'strong'),
      ...bars,
    ]),
    caption:
      'An inverted bottleneck: wide inside, narrow where it is added. With expand 1 the first convolution is left out; at stride 2 or other channels nothing is added.',
  }
}

export function sePicture(): Picture {
  const y = 92
  const steps: readonly Step[] = [
    plain('mean over', 'positions'),
    plain('C → C/16', 'and ReLU'),
    plain('C/16 → C', 'and sigmoid'),
  ]
  const boxes = steps.map(
    ({ lines }, index) =>
      html`${arrow([98 + 168 * index, y], [136 + 168 * index, y])}${box(136 + 168 * index, y - 26, 130, 52, lines, true)}`,
  )
  const gates = [0.9, 0.2, 0.65, 0.4, 1, 0.1, 0.75, 0.5]
  return {
    svg: drawing(700, 210, 'Squeeze-and-excitation: means, two maps, a gate for each channel', [
      html`${gates.map((_, index) => html`<rect class="box" x="${14 + 6 * index}" y="${52 + 6 * index}" width="40" height="40"/>`)}`,
      label(52, 40, 'x: H × W × C'),
      ...boxes,
      arrow([602, y], [634, y]),
      html`${gates.map((gate, index) => html`<rect x="${642 + 6 * index}" y="${52 + 80 - 80 * gate}" width="5" height="${80 * gate}" fill="var(--train)"/>`)}`,
      label(665, 40, 'gates'),
      arrow([665, 140], [665, 172], [370, 172]),
      arrow([52, 142], [52, 172], [346, 172]),
      joint(358, 172, '×'),
      arrow([358, 183], [358, 206]),
      label(372, 202, 'every channel times its gate', 'start'),
    ]),
    caption: 'What a channel is multiplied by depends on the means of all channels.',
  }
}

export function convnextPicture(): Picture {
  const block = residual(
    110,
    'ConvNeXt: c channels',
    [
      ours('depthwise 7 × 7', 'layer norm'),
      plain('1 × 1: c → 4c', 'GELU'),
      plain('1 × 1: 4c → c'),
      ours('layer scale', 'a factor a channel'),
    ],
    [],
  )
  const other = residual(
    460,
    'ResNet: 4c channels',
    [plain('1 × 1: 4c → c', 'norm, act'), plain('3 × 3: c → c', 'norm, act'), plain('1 × 1: c → 4c', 'norm')],
    [],
  )
  return {
    svg: drawing(700, 368, 'The steps of a block of ConvNeXt beside those of a bottleneck', [block, other]),
    caption:
      'The bottleneck turned inside out: wide between the two 1 × 1 convolutions, narrow where it is added; one norm and one activation in place of three.',
  }
}
