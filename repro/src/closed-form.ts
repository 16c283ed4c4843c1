import { createRegistry, createRng } from '@tricklab/core'
import { createModel, normalizeSummaryModel, type SummaryTable } from '@tricklab/core/recipe'
import { type Summary, summarize } from '@tricklab/nn'

/** One documented number beside the computed one. */
export interface ComparedValue {
  /** Layer name, or `total`. */
  readonly place: string
  readonly quantity: 'parameters' | 'MFlops' | 'million MACs'
  /** As the source prints it. */
  readonly reported: string
  /** Rounded as the source rounds. */
  readonly computed: string
  readonly equal: boolean
}

export interface ComparedSummary {
  readonly row: string
  readonly verdict: 'reproduced' | 'falls-short'
  readonly values: readonly ComparedValue[]
  readonly summary: Summary
}

/** Builds each model, counts, and compares with the documented numbers to the last printed digit. */
export function compareSummaries(table: SummaryTable, rows: readonly string[]): ComparedSummary[] {
  return rows.map((row) => {
    const { reported } = table.rows[row]!
    const summary = summarizeRow(table, row)
    const { layers } = summary
    const column = (quantity: ComparedValue['quantity'], values: readonly number[] | undefined, digits: number) =>
      (values ?? []).map((value, index) =>
        compare(layers[index]?.name ?? `layer ${index}`, quantity, value, quantityOf(summary, quantity, index), digits),
      )
    const values = [
      ...column('parameters', reported.params, 0),
      ...column('MFlops', reported.mflops, 1),
      compare('total', 'parameters', reported.totalParams, summary.params, 0),
      ...(reported.megaMacs === undefined
        ? []
        : [compare('total', 'million MACs', reported.megaMacs, summary.macs / 1e6, digitsOf(reported.megaMacs))]),
    ]
    // A table with fewer layers than the model would otherwise pass with its layers unchecked.
    const sameLength = reported.params === undefined || reported.params.length === layers.length
    const holds = sameLength && values.every((value) => value.equal)
    return { row, verdict: holds ? 'reproduced' : 'falls-short', values, summary }
  })
}

/** Parameters, MFlops and MACs of a row of a summary table. */
function summarizeRow(table: SummaryTable, row: string): Summary {
  const registry = createRegistry(table.plugins)
  const model = createModel(registry, normalizeSummaryModel(table, row, registry), {
    imageShape: table.imageShape,
    classes: table.classes,
    init: createRng(0),
  })
  const summary = summarize(model)
  model.dispose()
  return summary
}

function quantityOf({ layers }: Summary, quantity: ComparedValue['quantity'], index: number): number {
  const layer = layers[index]
  if (layer === undefined) return Number.NaN
  return quantity === 'parameters' ? layer.params : layer.mflops
}

function compare(
  place: string,
  quantity: ComparedValue['quantity'],
  reported: number,
  computed: number,
  digits: number,
): ComparedValue {
  const show = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return {
    place,
    quantity,
    reported: show(reported),
    computed: show(computed),
    equal: show(reported) === show(computed),
  }
}

/** MACs are given with as many digits as the table has them: 1.21, 33.0. */
const digitsOf = (value: number): number => (value < 10 ? 2 : 1)

/** The comparison as aligned text, a block a row. */
export function formatSummaryComparison(rows: readonly ComparedSummary[]): string {
  return rows
    .map(({ row, verdict, values }) => {
      const lines = values.map(({ place, quantity, reported, computed, equal }) =>
        [equal ? ' ' : '≠', place.padEnd(10), quantity.padEnd(13), reported.padStart(12), computed.padStart(12)].join(
          ' ',
        ),
      )
      const head = ['  layer     ', 'quantity     ', 'documented'.padStart(11), 'computed'.padStart(12)].join(' ')
      return [`${row}: ${verdict}`, head, ...lines].join('\n')
    })
    .join('\n\n')
}
