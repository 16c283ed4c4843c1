import { drawLineChart } from '../report/chart/line-chart.ts'
import type { Mark } from '../report/chart/marks.ts'
import { html } from '../report/html.ts'
import { renderPage } from '../report/page.ts'
import type { RateSearch } from './find.ts'
import { endings, formatRate } from './text.ts'

const rules = {
  valley: 'in the second half of the longest fall of the loss',
  steep: 'where the loss falls most steeply',
  minimum: 'a tenth of the rate with the smallest loss',
} as const

/** The page of a search: the running loss over the rate, and the suggestions. */
export function renderRateSearch(name: string, { points, suggestions, stopped, recipeRate }: RateSearch): string {
  const found = Object.entries(suggestions ?? {}) as [keyof typeof rules, number][]
  const lossAt = (rate: number) => points.find((point) => point.rate >= rate)?.loss ?? points.at(-1)!.loss
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
      x: { label: 'logarithm of the learning rate', domain: [Math.floor(exponents[0]!), Math.ceil(exponents.at(-1)!)] },
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
    footer: html`Made by <code>pnpm lab lr-find</code> of Tricklab; nothing was saved of the training.`,
    body: html`<header>
<p class="eyebrow">Tricklab learning-rate search · <code>${name}</code></p>
<h1>Which learning rates ${name} can take</h1>
</header>
<p class="note">A mock training whose learning rate rises by the same factor every step. ${endings[stopped]} The first tenth of the search and its last five steps do not count.</p>
<figure style="max-width: 640px"><figcaption><span class="figure-title">Running loss</span><ul class="legend"><li><span class="key train"></span>running training loss</li><li><span class="key diamond valid"></span>suggestions</li></ul></figcaption>${chart}</figure>
<div class="scroll"><table class="cards"><thead><tr><th>rule</th><th class="number">learning rate</th><th>what it is</th></tr></thead><tbody>
${found.map(([rule, rate]) => html`<tr><th scope="row" data-label="rule">${rule}</th><td class="number" data-label="learning rate">${formatRate(rate)}</td><td data-label="what it is">${rules[rule]}</td></tr>`)}
<tr><th scope="row" data-label="rule">the recipe</th><td class="number" data-label="learning rate">${formatRate(recipeRate)}</td><td data-label="what it is">the peak that the row trains with</td></tr>
</tbody></table></div>`,
  })
}
