import { encodePng } from '@tricklab/data'
import { type Html, html, renderPage } from '@tricklab/repro'
import { colourMap } from '../attention/maps.ts'
import { dataUri } from '../images/data-uri.ts'
import { channelOf, colours, difference, type Features, grey, usualRange } from './grid.ts'

export interface ShownFeatures {
  readonly name: string
  /** What the layer is, with its options. */
  readonly layer: string
  readonly block: string
  /** One sentence a line: kernel, coefficients, seed. */
  readonly facts: readonly string[]
  /** Three channels from 0 to 1. */
  readonly image: Features
  readonly plain: Features
  readonly after: Features
  /** What comes out is three channels of the image's kind, to be seen in colour too. */
  readonly coloured: boolean
}

/** A page of an image before and after one layer, beside the plain convolution. */
export function featuresPage(shown: ShownFeatures): string {
  const { name, layer, block, facts, image, plain, after, coloured } = shown
  const ranges = Array.from({ length: after.channels }, (_, channel) =>
    usualRange(Float32Array.of(...channelOf(plain, channel), ...channelOf(after, channel))),
  )
  const greys = (features: Features) => (channel: number) => ({
    pixels: grey(channelOf(features, channel), ranges[channel]!),
    depth: 3 as const,
    hint: `${format(ranges[channel]!.low)} to ${format(ranges[channel]!.high)}`,
  })
  const change = difference(after, plain)
  const reach = usualRange(change.values.map(Math.abs)).high || 1
  const before = ['red', 'green', 'blue'].map((colour, channel) =>
    cell({ pixels: grey(channelOf(image, channel), { low: 0, high: 1 }), depth: 3, hint: '0 to 1' }, image, colour),
  )
  return renderPage({
    title: `${block} on ${name}`,
    footer: html`Made by <code>pnpm lab features</code> of Tricklab.`,
    body: html`<header>
<p class="eyebrow">Tricklab features · <code>${layer}</code></p>
<h1>${name}, before and after one layer</h1>
<p class="source">${facts.join(' · ')}</p>
</header>
<section class="row"><h2>Before</h2>
<div class="charts maps">${figure('the image', [cell({ pixels: colours(image), depth: 3, hint: '' }, image, 'the image')])}${figure('its channels', before)}</div></section>
<section class="row"><h2>After</h2>
<p class="note">A square is a channel. Black and white are the lowest and the highest values of the channel in both layers, so the two can be compared; a hundredth of the pixels at either end is beyond, most of them at the edges. What ${block} adds is its output less that of the plain convolution: orange above zero, blue below, full colour from ${format(reach)} on.</p>
<div class="charts" style="${thirds}">${grid('plain convolution', plain, greys(plain))}${grid(block, after, greys(after))}${grid(
      `what ${block} adds`,
      after,
      (channel) => ({ pixels: colourMap(channelOf(change, channel), reach), depth: 4, hint: '' }),
    )}</div></section>
${
  coloured &&
  html`<section class="row"><h2>After, in colour</h2>
<p class="note">The three channels as red, green and blue; values below 0 and above 1 are drawn as 0 and 1.</p>
<div class="charts" style="${thirds}">${figure('the image', [cell({ pixels: colours(image), depth: 3, hint: '' }, image, 'the image')])}${figure('plain convolution', [cell({ pixels: colours(plain), depth: 3, hint: '' }, plain, 'plain convolution')])}${figure(block, [cell({ pixels: colours(after), depth: 3, hint: '' }, after, block)])}</div></section>`
}`,
  })
}

/** Three figures side by side on a wide screen. */
const thirds = 'grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr))'

interface Picture {
  readonly pixels: Uint8Array
  readonly depth: 3 | 4
  readonly hint: string
}

/** One channel of a grid. */
interface Cell {
  readonly uri: string
  readonly width: number
  readonly height: number
  readonly title: string
}

function cell({ pixels, depth, hint }: Picture, { width, height }: Features, title: string): Cell {
  const uri = dataUri(encodePng(pixels, width, height, depth))
  return { uri, width, height, title: hint === '' ? title : `${title}: ${hint}` }
}

function grid(title: string, features: Features, draw: (channel: number) => Picture): Html {
  const cells = Array.from({ length: features.channels }, (_, channel) =>
    cell(draw(channel), features, `channel ${channel}`),
  )
  return figure(title, cells)
}

/** Pictures of one size in a square, or nearly; each says what it is. */
function figure(title: string, cells: readonly Cell[]): Html {
  const [{ width, height }] = cells as [Cell]
  const columns = Math.ceil(Math.sqrt(cells.length))
  const rows = Math.ceil(cells.length / columns)
  const gap = width / 16
  const pictures = cells.map(({ uri, title: text }, index) => {
    const [x, y] = [(index % columns) * (width + gap), Math.floor(index / columns) * (height + gap)]
    return html`<image href="${uri}" x="${x}" y="${y}" width="${width}" height="${height}"><title>${text}</title></image>`
  })
  const box = `0 0 ${columns * (width + gap) - gap} ${rows * (height + gap) - gap}`
  return html`<figure><figcaption><span class="figure-title">${title}</span></figcaption>
<svg class="chart" viewBox="${box}" role="img" aria-label="${title}">${pictures}</svg></figure>`
}

/** Three digits, with a proper minus sign. */
const format = (value: number) => String(Number(value.toPrecision(3))).replace('-', '−')
