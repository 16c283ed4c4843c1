import { formatDifference, formatDigits, formatInterval, formatSeconds, formatSize, formatSummary } from '../format.ts'
import type { VerdictRow } from '../verdict/verdict-row.ts'
import { type Html, html } from './html.ts'
import { badge } from './verdict-badge.ts'

/** The rows side by side; `links` are the anchors of their sections. On a narrow screen every row becomes a card. */
export function verdictTable(rows: readonly VerdictRow[], links: readonly string[]): Html {
  return html`<div class="scroll"><table class="cards verdicts"><thead><tr><th>row</th><th>verdict</th><th class="number">documented</th><th class="number">measured</th><th class="number">difference</th><th class="number">tolerance</th><th>engine</th><th class="number">time</th></tr></thead><tbody>
${rows.map((row, index) => tableRow(row, links[index]!))}</tbody></table></div>
<p class="hint">Mean ± sample standard deviation (number of runs); pp: percentage points. Differences with their 95 % interval, which contains the error of the validation set.</p>`
}

function tableRow(row: VerdictRow, link: string): Html {
  const { metric, format, reported, measured, difference, interval, tolerance } = row
  const values = measured?.values.map((value) => formatDigits(format, value)).join(' · ')
  return html`<tr><th scope="row" data-label="row"><a href="#${link}">${row.row}</a><small>${metric}</small></th>
<td data-label="verdict">${badge(row.verdict)}${row.data.others !== undefined && html`<small>on ${row.data.others}</small>`}</td>
<td class="number" data-label="documented">${reported === null ? '–' : formatSummary(format, reported)}</td>
<td class="number" data-label="measured">${measured === null ? '–' : formatSummary(format, measured)}${measured !== null && measured.n > 1 && html`<small class="values">${values}</small>`}</td>
<td class="number" data-label="difference">${difference === null ? '–' : formatDifference(format, difference)}${interval !== null && html`<small>${formatInterval(format, interval)}</small>`}</td>
<td class="number" data-label="tolerance">${tolerance === null ? '–' : formatSize(format, tolerance)}</td>
<td class="engine" data-label="engine">${row.engine} ${row.precision}</td>
<td class="number" data-label="time">${formatSeconds(row.seconds)}</td></tr>
`
}
