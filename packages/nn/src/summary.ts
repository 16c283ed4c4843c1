import { countParams, listParams, type Model, type NamedParam, type Shape } from '@tricklab/core'
import { trainable } from '@tricklab/core/params'
import { walk } from './models/layered.ts'

export interface LayerSummary {
  readonly name: string
  readonly type: string
  readonly input: Shape
  readonly output: Shape
  /** Trainable numbers. */
  readonly params: number
  /**
   * The "MFlops" of slowai's tables: Σ over the layer's parameters of their size, times the output's area where they
   * have three axes or more, in millions.
   */
  readonly mflops: number
  /** True multiply-accumulates for one image. */
  readonly macs: number
}

export interface Summary {
  readonly layers: readonly LayerSummary[]
  readonly params: number
  readonly macs: number
}

/** Shapes, parameters and work of a model, layer by layer, for one image. */
export function summarize(model: Model): Summary {
  const layers: LayerSummary[] = []
  walk(model.layers, model.inputShape, ({ name, type, block }, input, output) => {
    const work = trainable(listParams(block.params)).map((param) => countWork(param, output))
    layers.push({
      name,
      type,
      input,
      output,
      params: countParams(block.params),
      mflops: sum(work) / 1e6,
      macs: block.macs(input),
    })
  })
  return { layers, params: sum(layers.map(({ params }) => params)), macs: sum(layers.map(({ macs }) => macs)) }
}

/** The summary as an aligned text table. */
export function formatSummary({ layers, params, macs }: Summary): string {
  const rows = [
    ['layer', 'type', 'input', 'output', 'parameters', 'MFlops', 'MACs'],
    ...layers.map((layer) => [
      layer.name,
      layer.type,
      layer.input.join('×'),
      layer.output.join('×'),
      layer.params.toLocaleString('en'),
      layer.mflops.toFixed(1),
      layer.macs.toLocaleString('en'),
    ]),
    ['total', '', '', '', params.toLocaleString('en'), '', macs.toLocaleString('en')],
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column < 4 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function countWork({ value }: NamedParam, [height, width]: Shape): number {
  return value.rank < 3 ? value.size : value.size * height * width
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
