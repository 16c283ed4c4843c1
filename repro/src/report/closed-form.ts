import { type Html, html } from './html.ts'
import { exactBadge } from './verdict-badge.ts'

type Cell = number | string

/** A quantity that follows from the model alone: documented and computed values, one a line of the table. */
export interface ClosedFormColumn {
  readonly name: string
  /** Null where the source gives none. */
  readonly reported: readonly (Cell | null)[]
  readonly computed: readonly Cell[]
}

export interface ClosedFormRow {
  readonly row: string
  readonly columns: readonly ClosedFormColumn[]
  /** Names of the lines: layers, totals. */
  readonly labels: readonly string[]
  readonly verdict: 'exact' | 'differs'
}

/** A table whose numbers are computed, not trained. */
export interface ClosedFormReport {
  readonly kind: 'closed-form'
  readonly table: string
  readonly title: string
  readonly source: string
  readonly rows: readonly ClosedFormRow[]
}

/** `exact` when every documented value equals the computed one. */
export function judgeClosedForm(columns: readonly ClosedFormColumn[]): ClosedFormRow['verdict'] {
  const same = ({ reported, computed }: ClosedFormColumn) =>
    reported.every((value, index) => value === null || value === computed[index])
  return columns.every(same) ? 'exact' : 'differs'
}

export function closedFormSection(row: ClosedFormRow, id: string): Html {
  return html`<section class="row" id="${id}">
<h2><span>${row.row}</span> ${exactBadge(row.verdict)}</h2>
<div class="scroll"><table class="plain"><thead>
<tr><th rowspan="2">layer</th>${row.columns.map(({ name }) => html`<th colspan="2" class="number group">${name}</th>`)}</tr>
<tr>${row.columns.map(() => html`<th class="number">documented</th><th class="number">computed</th>`)}</tr>
</thead><tbody>
${row.labels.map(
  (label, line) => html`<tr><th scope="row">${label}</th>${row.columns.map((column) => cells(column, line))}</tr>
`,
)}</tbody></table></div>
</section>`
}

function cells({ reported, computed }: ClosedFormColumn, line: number): Html {
  const [theirs, ours] = [reported[line] ?? null, computed[line] ?? null]
  const differs = theirs !== null && theirs !== ours
  return html`<td class="number">${write(theirs)}</td><td class="number${differs && ' differs'}">${differs && html`<span aria-label="differs">≠</span> `}${write(ours)}</td>`
}

function write(value: Cell | null): string {
  if (value === null) return '–'
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 6 }) : value
}
