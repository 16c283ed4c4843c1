import { encodePng } from '@tricklab/data'
import { type Html, html, renderPage } from '@tricklab/repro'
import { dataUri } from '../images/data-uri.ts'
import { type CellMap, colourMap, type Position } from './maps.ts'

/** One image with the maps of every attention block. */
export interface ShownImage {
  readonly name: string
  readonly width: number
  readonly height: number
  /** `[height, width, 3]` bytes. */
  readonly pixels: Uint8Array
  /** What the network says: class and probability. */
  readonly prediction: string
  readonly blocks: readonly {
    readonly name: string
    readonly gamma: number
    readonly cells: { readonly width: number; readonly height: number }
    readonly maps: readonly CellMap[]
  }[]
}

/** A page of images with what their positions take up of each other. */
export function attentionPage(run: string, subtitle: string, images: readonly ShownImage[]): string {
  return renderPage({
    title: `Attention of ${run}`,
    footer: html`Made by <code>pnpm lab attention</code> of Tricklab from the weights of the run.`,
    body: html`<header>
<p class="eyebrow">Tricklab attention · <code>${run}</code></p>
<h1>What each position takes up of the others</h1>
<p class="source">${subtitle}</p>
</header>
<p class="note">A position q takes up x<sub>q</sub>ᵀ W x<sub>i</sub> of every position i; there is no softmax, so weights may be of any size. Orange: above zero; blue: below; the more opaque, the larger, each map scaled to its own largest weight. The block adds γ times what is taken up: while γ is near 0 a map has little effect.</p>
${images.map(imageSection)}`,
  })
}

function imageSection(image: ShownImage): Html {
  const { name, prediction, blocks } = image
  return html`<section class="row"><h2>${name}</h2>
<p class="note">${prediction}</p>
${blocks.map(
  ({
    name: block,
    gamma,
    cells,
    maps,
  }) => html`<h3>${block}, γ = ${gamma.toPrecision(3)}, ${cells.height} × ${cells.width} positions</h3>
<div class="charts maps">${figure(image, cells, { title: 'the image', positions: maps.flatMap((map) => map.positions), values: new Float32Array() })}${maps.map((map) => figure(image, cells, map))}</div>`,
)}</section>`
}

/** The image, the map over it, and the positions that the map is of. */
function figure(
  image: ShownImage,
  cells: { width: number; height: number },
  { title, positions, values }: CellMap,
): Html {
  const { width, height, pixels } = image
  const largest =
    values.length === 0 ? '' : `: ${Math.min(...values).toPrecision(2)} to ${Math.max(...values).toPrecision(2)}`
  const overlay = values.length === 0 ? null : dataUri(encodePng(colourMap(values), cells.width, cells.height, 4))
  return html`<figure><figcaption><span class="figure-title">${title}</span><span class="hint">${largest.slice(2)}</span></figcaption>
<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${image.name}, ${title}${largest}"><image href="${dataUri(encodePng(pixels, width, height, 3))}" width="${width}" height="${height}"${overlay !== null && html` opacity="0.55"`}/>${overlay !== null && html`<image href="${overlay}" width="${width}" height="${height}" preserveAspectRatio="none" style="image-rendering: pixelated"/>`}${unique(positions).map(({ x, y }) => marker(x, y, width))}</svg></figure>`
}

/** A ring that stands out from light and dark pixels alike. */
function marker(x: number, y: number, width: number): Html {
  const radius = width / 45
  const ring = (colour: string, stroke: number) =>
    html`<circle cx="${x + 0.5}" cy="${y + 0.5}" r="${radius}" fill="none" stroke="${colour}" stroke-width="${stroke}"/>`
  return html`${ring('#000', width / 80)}${ring('#fff', width / 160)}`
}

const unique = (positions: readonly Position[]): Position[] =>
  positions.filter(({ x, y }, index) => positions.findIndex((other) => other.x === x && other.y === y) === index)
