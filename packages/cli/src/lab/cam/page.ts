import { encodePng } from '@tricklab/data'
import { type Html, html, renderPage } from '@tricklab/repro'
import { colourMap } from '../attention/maps.ts'
import { dataUri } from '../images/data-uri.ts'
import { enlarge } from './maps.ts'

/** A class as an image made the network score it. */
export interface ShownClass {
  readonly name: string
  readonly probability: number
  /** The mean of the map and the bias. */
  readonly score: number
  readonly bias: number
  /** A value a cell: what the cell adds to the score, times the number of cells. */
  readonly values: Float32Array
}

/** One image with the maps of its likeliest classes. */
export interface ShownImage {
  readonly name: string
  /** The class that the dataset gives it; undefined for a file. */
  readonly label: string | undefined
  readonly width: number
  readonly height: number
  /** `[height, width, 3]` bytes. */
  readonly pixels: Uint8Array
  readonly cells: { readonly width: number; readonly height: number }
  /** The likeliest first. */
  readonly classes: readonly ShownClass[]
}

/** A page of images with where the network found what it says. */
export function camPage(run: string, subtitle: string, images: readonly ShownImage[]): string {
  return renderPage({
    title: `Class activation maps of ${run}`,
    footer: html`Made by <code>pnpm lab cam</code> of Tricklab from the weights of the run.`,
    body: html`<header>
<p class="eyebrow">Tricklab class activation maps · <code>${run}</code></p>
<h1>Where each class was found</h1>
<p class="source">${subtitle}</p>
</header>
<p class="note">The score of a class is the mean of its map, plus a bias. A map weighs the last features before that mean by the weights of the class, and is drawn over the image, bilinear between its cells. Orange: for the class; blue: against it; the more opaque, the stronger. The maps of an image are drawn on one scale, so they can be compared.</p>
${images.map(imageSection)}`,
  })
}

function imageSection(image: ShownImage): Html {
  const { name, label, cells, classes } = image
  const reach = Math.max(...classes.flatMap(({ values }) => [...values].map(Math.abs))) || 1
  const [best] = classes
  const judged = label === undefined ? '' : best!.name === label ? ', which is right' : `; the dataset says ${label}`
  return html`<section class="row"><h2>${name}</h2>
<p class="note">The network says ${best!.name}, with probability ${best!.probability.toFixed(3)}${judged}. ${cells.height} × ${cells.width} cells.</p>
<div class="charts maps">${figure(image, 'the image', '', null)}${classes.map((found) => classFigure(image, found, reach))}</div></section>`
}

function classFigure(image: ShownImage, { name, probability, score, bias, values }: ShownClass, reach: number): Html {
  const overlay = encodePng(colourMap(enlarge(values, image.cells, image), reach), image.width, image.height, 4)
  const hint = `score ${signed(score)}, bias ${signed(bias)}; cells ${signed(Math.min(...values))} to ${signed(Math.max(...values))}`
  return figure(image, `${name}, ${(100 * probability).toFixed(1)}\u00a0%`, hint, dataUri(overlay))
}

/** With a proper minus sign, and none before what is written as 0. */
const signed = (value: number) =>
  value
    .toFixed(2)
    .replace(/^-(?=.*[1-9])/, '−')
    .replace('-', '')

function figure(
  { name, width, height, pixels }: ShownImage,
  title: string,
  hint: string,
  overlay: string | null,
): Html {
  return html`<figure><figcaption><span class="figure-title">${title}</span><span class="hint">${hint}</span></figcaption>
<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}, ${title}"><image href="${dataUri(encodePng(pixels, width, height, 3))}" width="${width}" height="${height}"${overlay !== null && html` opacity="0.55"`}/>${overlay !== null && html`<image href="${overlay}" width="${width}" height="${height}"/>`}</svg></figure>`
}
