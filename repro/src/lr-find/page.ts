import { drawLineChart } from '../report/chart/line-chart.ts'
import type { Mark } from '../report/chart/marks.ts'
import { html } from '../report/html.ts'
import { renderPage } from '../report/page.ts'
import type { RateSearch } from './find.ts'
import { caution, endings, formatRate } from './format-rate-search.ts'

const rules = {
  valley: 'a rate in the second half of the longest fall of the loss',
  steep: 'the rate at which the loss falls most steeply',
  minimum: 'a tenth of the rate with the lowest loss',
} as const

/** The page of a search: the running loss over the rate, and the suggestions. */
export function renderRateSearch(
  name: string,
  { points, suggestions, doubtful, stopped, recipeRate }: RateSearch,
): string {
  const found = Object.entries(suggestions ?? {}) as [keyof typeof rules, number][]
  const lossAt = (rate: number) => (points.find((point) => point.rate >= rate) ?? points.at(-1))?.loss ?? Number.NaN
  const marks: Mark[] = found.map(([rule, rate]) => ({
    tone: 'valid',
    shape: 'diamond',
    x: Math.log10(rate),
    y: lossAt(rate),
    title: `${rule}: ${formatRate(rate)}`,
  }))
  const exponents = points.map(({ rate }) => Math.log10(rate))
  const chart =
    points.length > 1 &&
    drawLineChart({
      summary: `Running training loss over the learning rate, from ${formatRate(points[0]!.rate)} to ${formatRate(points.at(-1)!.rate)}.`,
      height: 300,
      x: {
        label: 'learning rate',
        domain: [Math.floor(exponents[0]!), Math.ceil(exponents.at(-1)!)],
        format: (exponent) => formatPower(exponent),
      },
      y: { label: 'running loss' },
      lines: [
        {
          tone: 'train',
          look: 'line',
          steps: true,
          points: points.map(({ loss }, index) => ({ x: exponents[index]!, y: loss })),
          title: 'running loss',
        },
      ],
      marks,
    })
  return renderPage({
    title: `Learning rates of ${name}`,
    footer: html`Made by <code>pnpm lab lr-find</code> of Tricklab; it saves nothing of the trial training.`,
    body: html`<header>
<p class="eyebrow">Tricklab learning-rate search · <code>${name}</code></p>
<h1>Learning rates for ${name}</h1>
</header>
<p class="note">The row was trained on trial, with a learning rate that rises by the same factor every step. ${endings[stopped]} The suggestions leave out the first tenth of the search and its last five steps.</p>
${suggestions !== null && doubtful && html`<p class="banner">${caution}</p>`}
<figure class="overview" style="max-width: 720px"><figcaption><span class="figure-title">Running loss</span><ul class="legend"><li><span class="key train"></span>running training loss</li><li><span class="key diamond valid"></span>suggestions</li></ul></figcaption>${chart}</figure>
<div class="scroll overview"><table class="cards"><thead><tr><th>rule</th><th class="number">learning rate</th><th>meaning</th></tr></thead><tbody>
${found.map(([rule, rate]) => html`<tr><th scope="row" data-label="rule">${rule}</th><td class="number" data-label="learning rate">${formatRate(rate)}</td><td data-label="meaning">${rules[rule]}</td></tr>`)}
<tr><th scope="row" data-label="rule">the recipe</th><td class="number" data-label="learning rate">${formatRate(recipeRate)}</td><td data-label="meaning">the largest rate in the schedule of the row</td></tr>
</tbody></table></div>`,
  })
}

/** `0.001`, and `1e−5` where that would be long. */
const formatPower = (exponent: number): string =>
  exponent >= -3 && exponent <= 3 ? String(Number(`1e${exponent}`)) : `1e${exponent}`.replace('-', '−')
