import type { BlurPoolAttrs } from './blur-pool.ts'

/** A max pool with stride 1 and a binomial filter with stride 2: what the operators in use have in common. */
interface Operator {
  /** Side of the max pool's window, and how far it reaches over each border. */
  readonly max: { readonly size: number; readonly padding: number }
  /** Taps of the filter where the recipe names none. */
  readonly size: number
  readonly border: BlurPoolAttrs['border']
  /** Pixels that the filter reads beyond the first and the last one. */
  readonly padding: (size: number) => readonly [before: number, after: number]
}

const split = (size: number) => [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)] as const

/** The operators by name. */
export const operators = {
  'kornia-0.4': { max: { size: 3, padding: 1 }, size: 6, border: 'reflect', padding: split },
  adobe: { max: { size: 2, padding: 0 }, size: 4, border: 'reflect', padding: split },
  'kornia-0.5': {
    max: { size: 2, padding: 0 },
    size: 3,
    border: 'zero',
    padding: (size) => [Math.floor((size - 1) / 2), Math.floor((size - 1) / 2)],
  },
  timm: {
    max: { size: 3, padding: 1 },
    size: 3,
    border: 'reflect',
    padding: (size) => [Math.floor(size / 2), Math.floor(size / 2)],
  },
} as const satisfies Record<string, Operator>

export type OperatorName = keyof typeof operators
export const operatorNames = Object.keys(operators) as readonly OperatorName[]

/** The max pool and the blur of an operator; `size` 0 stands for the operator's own. */
export function planOperator(name: OperatorName, size: number): { max: Operator['max']; blur: BlurPoolAttrs } {
  const { max, border, padding, size: own }: Operator = operators[name]
  const taps = binomial(size === 0 ? own : size)
  return { max, blur: { taps: [...taps], stride: 2, padding: [...padding(taps.length)], border } }
}

/** A row of Pascal's triangle over its sum: `C(size − 1, i) / 2^(size − 1)`. Exact in float32. */
export function binomial(size: number): readonly number[] {
  let row = [1]
  for (let length = 1; length < size; length++) row = [1, ...row.slice(1).map((value, i) => value + row[i]!), 1]
  return row.map((value) => value / 2 ** (size - 1))
}
