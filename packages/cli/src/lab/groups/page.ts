import type { GraphMeasures } from '@tricklab/plugin-permuted-groups'
import { type Html, html, renderPage } from '@tricklab/repro'

/** A design with what it connects. */
export interface DrawnDesign {
  readonly design: string
  readonly channelsPerGroup: number
  readonly groups: number
  /** `links[l][g]`: an input group that output group g reads. */
  readonly links: readonly (readonly number[])[]
  readonly measures: GraphMeasures
}

/** Groups that stand together in all pictures: the thread's meta-groups. */
const metaGroup = 4

/** A page of the designs: the kernel as a grid of channels, the groups as a graph, and its measures. */
export function groupsPage(channels: number, designs: readonly DrawnDesign[]): string {
  const { channelsPerGroup, groups } = designs[0]!
  return renderPage({
    title: `Permuted groups of ${channels} channels`,
    footer: html`Made by <code>pnpm lab groups</code> of Tricklab.`,
    body: html`<header>
<p class="eyebrow">Tricklab groups</p>
<h1>${channels} channels in ${groups} groups of ${channelsPerGroup}</h1>
</header>
<p class="note">A square is a block of the kernel: the output channels of its rows read the input channels of its columns. Blue blocks stay within a meta-group of four groups, orange ones leave it. In the ring every group is a point and a line a pair of groups of which one reads the other. Clustering is the share of a group's neighbours that are neighbours themselves, path length the mean number of lines between two groups, over the pairs that are connected at all (Watts and Strogatz).</p>
${designs.map((drawn) => designSection(channels, drawn))}`,
  })
}

function designSection(channels: number, drawn: DrawnDesign): Html {
  const { design, links, groups, measures } = drawn
  const { clustering, pathLength, connected, components, edges } = measures
  const facts: readonly (readonly [string, string])[] = [
    ['weights of the dense kernel', `${percent(links.length / groups)}`],
    ['pairs of groups linked', String(edges)],
    ['clustering coefficient', clustering.toFixed(3)],
    ['average path length', pathLength === undefined ? 'no pair is connected' : pathLength.toFixed(2)],
    ['pairs connected', percent(connected)],
    ['parts', String(components)],
  ]
  return html`<section class="row"><h2>${design}</h2>
<div class="charts">
<figure><figcaption><span class="figure-title">kernel</span> <span class="hint">input channels to the right, output channels down</span></figcaption>${kernelGrid(channels, drawn)}</figure>
<figure><figcaption><span class="figure-title">groups</span></figcaption>${ring(drawn)}</figure>
</div>
<table><tbody>${facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
</section>`
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

const far = (a: number, b: number) => Math.floor(a / metaGroup) !== Math.floor(b / metaGroup)

const colourOf = (a: number, b: number) => (far(a, b) ? 'var(--valid)' : 'var(--train)')

/** The kernel seen from above: a cell a pair of channels. */
function kernelGrid(channels: number, { design, links, groups, channelsPerGroup: size }: DrawnDesign): Html {
  const lines = (every: number, opacity: number) =>
    Array.from({ length: Math.floor(channels / every) + 1 }, (_, i) => i * every).map(
      (at) =>
        html`<path d="M${at} 0V${channels}M0 ${at}H${channels}" stroke="currentColor" stroke-opacity="${opacity}" stroke-width="${channels / 640}" fill="none"/>`,
    )
  const blocks = links.flatMap((sources) =>
    sources.map(
      (source, group) =>
        html`<rect x="${source * size}" y="${group * size}" width="${size}" height="${size}" fill="${colourOf(source, group)}"/>`,
    ),
  )
  return html`<svg class="chart" viewBox="-0.5 -0.5 ${channels + 1} ${channels + 1}" role="img" aria-label="${design}: ${links.length * groups} blocks of ${size} × ${size} in a kernel of ${channels} × ${channels} channels">${blocks}${lines(1, 0.08)}${lines(size, 0.25)}${lines(size * metaGroup, 0.8)}</svg>`
}

/** The groups on a circle, meta-groups side by side. */
function ring({ design, links, groups }: DrawnDesign): Html {
  const place = (group: number) => {
    const angle = (2 * Math.PI * group) / groups - Math.PI / 2
    return [round(100 + 88 * Math.cos(angle)), round(100 + 88 * Math.sin(angle))] as const
  }
  const edges = links.flatMap((sources) =>
    sources.map((source, group) => {
      const [[x1, y1], [x2, y2]] = [place(source), place(group)]
      return (
        source !== group &&
        html`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colourOf(source, group)}" stroke-width="0.8" stroke-opacity="0.75"/>`
      )
    }),
  )
  const points = Array.from({ length: groups }, (_, group) => {
    const [x, y] = place(group)
    return html`<circle cx="${x}" cy="${y}" r="2.4" fill="currentColor"/>`
  })
  return html`<svg class="chart" viewBox="0 0 200 200" role="img" aria-label="${design}: ${groups} groups and the links between them">${edges}${points}</svg>`
}

const round = (value: number) => Math.round(value * 100) / 100
