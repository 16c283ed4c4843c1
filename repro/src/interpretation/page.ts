import { drawLineChart } from '../report/chart/line-chart.ts'
import { type Html, html } from '../report/html.ts'
import { renderPage } from '../report/page.ts'
import type { CalibrationBin, ClassScores } from './analyse.ts'
import type { Interpretation, ShownMistake } from './interpret-run.ts'

/**
 * The page of a run's mistakes: confusion matrix, scores by class, calibration, and the worst images.
 * @param pictureOf the image of a mistake as a data URI
 */
export function renderInterpretation(found: Interpretation, pictureOf: (mistake: ShownMistake) => string): string {
  const { table, row, title, seed, samples, accuracy, predictor, calibrationError, worst } = found
  const run = `${table}/${row}`
  const views = predictor === null ? '' : ` · scored with ${predictor.use}`
  return renderPage({
    title: `Where ${run} errs`,
    footer: html`Made by <code>pnpm lab interpret</code> of Tricklab from the weights of the run.`,
    body: html`<header>
<p class="eyebrow">Tricklab interpretation · <code>${run}</code></p>
<h1>Where ${run} errs</h1>
<p class="source">${title} · seed ${seed} · ${samples} validation images${views}</p>
</header>
<p class="note">The network finds the right class of ${percent(accuracy)} of the validation images. Its expected calibration error is ${percent(calibrationError)}.</p>
${confusionSection(found)}
<section class="row"><h2>Class by class</h2>
<p class="note">Precision is the share of the guesses of a class that are right. Recall is the share of the images of a class that are found. F1 is their harmonic mean.</p>
<div class="scroll overview"><table class="cards"><thead><tr><th>class</th><th class="number">images</th><th class="number">guesses</th><th class="number">precision</th><th class="number">recall</th><th class="number">F1</th></tr></thead><tbody>
${found.classes.map(classRow)}
</tbody></table></div></section>
${calibrationSection(found.bins, calibrationError)}
${worst.length > 0 && worstSection(found, pictureOf)}`,
  })
}

const percent = (share: number | null) => (share === null ? '–' : `${(100 * share).toFixed(1)}\u00a0%`)

/** Rows are true classes; a cell is shaded by its share of the row. */
function confusionSection({ classes, confusion }: Interpretation): Html {
  const columns = confusion[0]!.map((_, index) => (index < classes.length ? String(index + 1) : 'no class'))
  const cell = (count: number, of: number, isRight: boolean) => {
    const share = of === 0 ? 0 : count / of
    const tone = isRight ? 'var(--good)' : 'var(--bad)'
    // Half as strong at most, so that the number is read in light and dark.
    const style = `background: color-mix(in srgb, ${tone} ${Math.round(50 * share)}%, transparent)`
    return html`<td class="number" style="${style}">${count}</td>`
  }
  return html`<section class="row"><h2>Confusion matrix</h2>
<p class="note">A row holds the images of a class, a column those that the network takes for it. Green: right; red: wrong; the stronger, the more of the row.</p>
<div class="scroll overview"><table class="plain matrix"><thead><tr><th>class</th>${columns.map((name) => html`<th class="number">${name}</th>`)}</tr></thead><tbody>
${confusion.map((counts, row) => html`<tr><th scope="row">${row + 1} ${classes[row]!.name}</th>${counts.map((count, column) => cell(count, classes[row]!.samples, row === column))}</tr>`)}
</tbody></table></div></section>`
}

const classRow = ({ name, samples, guesses, precision, recall, f1 }: ClassScores) =>
  html`<tr><th scope="row" data-label="class">${name}</th><td class="number" data-label="images">${samples}</td><td class="number" data-label="guesses">${guesses}</td><td class="number" data-label="precision">${percent(precision)}</td><td class="number" data-label="recall">${percent(recall)}</td><td class="number" data-label="F1">${percent(f1)}</td></tr>`

function calibrationSection(bins: readonly CalibrationBin[], error: number): Html {
  const filled = bins.filter(({ samples }) => samples > 0)
  const points = filled.map(({ confidence, accuracy }) => ({ x: 100 * confidence!, y: accuracy! }))
  const chart = drawLineChart({
    summary: `Share of right guesses over the probability of the guess; the expected calibration error is ${percent(error)}.`,
    height: 300,
    x: { label: 'mean probability of the guess, %', domain: [0, 100] },
    y: { label: 'right guesses, %', percent: true, fromZero: true },
    lines: [
      {
        tone: 'schedule',
        look: 'dashed',
        points: [
          { x: 0, y: 0 },
          { x: 100, y: 1 },
        ],
        title: 'as probable as right',
      },
      { tone: 'valid', look: 'line', points, title: 'the network' },
    ],
    marks: filled.map(({ low, high, samples, confidence, accuracy }) => ({
      tone: 'valid',
      shape: 'dot',
      x: 100 * confidence!,
      y: accuracy!,
      title: `${percent(low)} to ${percent(high)}: ${samples} images, ${percent(accuracy)} right`,
    })),
  })
  return html`<section class="row"><h2>Calibration</h2>
<p class="note">Images are put into 15 bins by the probability of their guess. On the dashed line, guesses are right as often as the network says. Below the line it is too sure of itself, above the line not sure enough. The expected calibration error is the mean distance from the line, each bin weighed by its images.</p>
<figure class="overview" style="max-width: 720px"><figcaption><span class="figure-title">Calibration</span><ul class="legend"><li><span class="key valid"></span>the network</li><li><span class="key schedule"></span>as probable as right</li></ul></figcaption>${chart}</figure></section>`
}

const worstSection = ({ worst, imageShape }: Interpretation, pictureOf: (mistake: ShownMistake) => string) =>
  html`<section class="row"><h2>The greatest losses</h2>
<p class="note">The network gave these images the smallest probabilities of their true class. They are drawn as the network gets them. A wrong label or an odd crop shows here first.</p>
<div class="charts small">${worst.map((mistake) => mistakeFigure(mistake, pictureOf(mistake), imageShape))}</div></section>`

function mistakeFigure(mistake: ShownMistake, picture: string, [height, width]: readonly number[]): Html {
  const { index, file, truth, guess, probability, truthProbability, loss } = mistake
  const name = file === null ? `validation image ${index}` : (file.split(/[\\/]/).at(-1) ?? file)
  const verdict = truth === guess ? html`${truth}, which is right` : html`${guess}, not ${truth}`
  return html`<figure><figcaption><span class="figure-title">${verdict}</span><span class="hint">${percent(probability)} for ${guess}${truth !== guess && html`, ${percent(truthProbability)} for ${truth}`}; loss ${loss.toFixed(2)}; ${name}</span></figcaption>
<svg class="chart" viewBox="0 0 ${width!} ${height!}" role="img" aria-label="${name}: ${truth}, taken for ${guess}"><image href="${picture}" width="${width!}" height="${height!}"/></svg></figure>`
}
