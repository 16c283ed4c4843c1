import { type Html, html, renderPage } from '@tricklab/repro'
import type { ScaledNetwork, Scaling } from './plan.ts'
import { billions, columns, gibibytes, millions } from './text.ts'

const width = 480
const height = 340
const frame = { left: 66, right: width - 44, top: 10, bottom: height - 44 }

interface Measure {
  readonly label: string
  readonly of: (network: ScaledNetwork) => number
  readonly format: (value: number) => string
}

const params: Measure = { label: 'parameters', of: (network) => network.params, format: millions }
const macs: Measure = { label: 'MACs of an image', of: (network) => network.macs, format: billions }
const memory: Measure = {
  label: 'kept by a training step',
  of: ({ activationBytes, weightBytes }) => (activationBytes + weightBytes) / 2 ** 30,
  format: (value) => gibibytes(value * 2 ** 30),
}

/** A page of a scaling beside the published ones and xresnet. */
export function scalingPage(scaling: Scaling, scaled: ScaledNetwork, others: readonly ScaledNetwork[]): string {
  const { depth, width: factor, size, classes, batch } = scaling
  const all = [scaled, ...others]
  return renderPage({
    title: `EfficientNet: depth ${depth}, width ${factor}, ${size} px`,
    footer: html`Made by <code>pnpm lab scale</code> of Tricklab; nothing was trained.`,
    body: html`<header>
<p class="eyebrow">Tricklab scaling</p>
<h1>EfficientNet at depth ${depth}, width ${factor} and ${size} px</h1>
</header>
<p class="note">${classes} classes, ${batch} images a step. EfficientNets stand at the size that they were published for, xresnets at 224 px. Activations are what the backward pass needs of the forward pass, in 32 bits; weights are counted four times, with their gradients and two moments of the optimizer. Buffers of single kernels come on top.</p>
<div class="charts">
${chart(all, params, macs)}
${chart(all, params, memory)}
</div>
<div class="scroll" style="margin-top: 16px"><table class="cards"><thead><tr>${columns.map(({ head }, index) => html`<th class="${index > 0 && 'number'}">${head}</th>`)}</tr></thead><tbody>
${all.map((network) => html`<tr>${columns.map(({ head, of }, index) => (index === 0 ? html`<th scope="row" data-label="${head}">${of(network)}</th>` : html`<td class="number" data-label="${head}">${of(network)}</td>`))}</tr>`)}
</tbody></table></div>`,
  })
}

/** Two measures against each other, both axes logarithmic; a family is a line. */
function chart(networks: readonly ScaledNetwork[], xMeasure: Measure, yMeasure: Measure): Html {
  const x = logScale(networks.map(xMeasure.of), [frame.left + 28, frame.right - 10])
  const y = logScale(networks.map(yMeasure.of), [frame.bottom - 18, frame.top + 10])
  const place = (network: ScaledNetwork) =>
    `${x.at(xMeasure.of(network)).toFixed(1)} ${y.at(yMeasure.of(network)).toFixed(1)}`
  const summary = `${yMeasure.label} over ${xMeasure.label} of ${networks.map(({ name }) => name).join(', ')}.`
  const family = (name: ScaledNetwork['family']) =>
    networks.filter((network) => network.family === name && network.name !== 'scaled')
  const line = (name: ScaledNetwork['family'], tone: string) =>
    html`<path d="M${family(name).map(place).join('L')}" fill="none" stroke="var(--${tone})" stroke-width="1.5" opacity="0.5"/>`
  return html`<figure><figcaption><span class="figure-title">${yMeasure.label}</span><ul class="legend"><li><span class="key dot train"></span>EfficientNet b0–b7</li><li><span class="key dot valid"></span>xresnet</li></ul></figcaption>
<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${summary}">
${y.ticks.map((tick) => html`<path class="grid" d="M${frame.left} ${y.at(tick).toFixed(1)}H${frame.right}"/><text class="tick" x="${frame.left - 6}" y="${(y.at(tick) + 4).toFixed(1)}" text-anchor="end">${yMeasure.format(tick)}</text>`)}
${x.ticks.map((tick) => html`<path class="notch" d="M${x.at(tick).toFixed(1)} ${frame.bottom}v4"/><text class="tick" x="${x.at(tick).toFixed(1)}" y="${frame.bottom + 17}" text-anchor="middle">${xMeasure.format(tick)}</text>`)}
<text class="axis-title" x="${frame.right}" y="${height - 6}" text-anchor="end">${xMeasure.label}</text>
<path class="axis" d="M${frame.left} ${frame.bottom}H${frame.right}"/>
${line('efficientnet', 'train')}${line('xresnet', 'valid')}
${networks.map((network) => point(network, x.at(xMeasure.of(network)), y.at(yMeasure.of(network)), yMeasure))}
</svg></figure>`
}

/** A dot with a short name: of EfficientNets to the left above, of xresnets to the right below, so that lines stay free. */
function point(network: ScaledNetwork, x: number, y: number, measure: Measure): Html {
  const { name, family } = network
  const title = html`<title>${name}: ${measure.format(measure.of(network))}, ${millions(network.params)} parameters</title>`
  if (name === 'scaled') {
    return html`<g><circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="7" fill="none" stroke="currentColor" stroke-width="2"/><text x="${(x + 11).toFixed(1)}" y="${(y + 15).toFixed(1)}" font-weight="600">scaled</text>${title}</g>`
  }
  const efficient = family === 'efficientnet'
  const shift = efficient ? { x: -7, y: -6, anchor: 'end' } : { x: 7, y: 13, anchor: 'start' }
  return html`<g><circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" fill="var(--${efficient ? 'train' : 'valid'})"/><text class="tick" x="${(x + shift.x).toFixed(1)}" y="${(y + shift.y).toFixed(1)}" text-anchor="${shift.anchor}">${name.replace(/^efficientnet-|^xresnet/, '')}</text>${title}</g>`
}

/** 1, 2 and 5 of every decade between the extremes. */
function logScale(values: readonly number[], [from, to]: readonly [number, number]) {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))]
  const at = (value: number) => from + ((Math.log10(value) - low) / (high - low || 1)) * (to - from)
  const decades = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => 10 ** (Math.floor(low) + i))
  const ticks = decades
    .flatMap((decade) => [decade, 2 * decade, 5 * decade])
    .filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high)
  return { at, ticks }
}
