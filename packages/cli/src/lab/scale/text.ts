import type { ScaledNetwork } from './plan.ts'

const rounded = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)

export const millions = (count: number): string => `${rounded(count / 1e6)} M`
export const billions = (count: number): string => `${rounded(count / 1e9)} G`
export const gibibytes = (bytes: number): string => `${rounded(bytes / 2 ** 30)} GiB`

/** The columns of a network, for text and page alike. */
export const columns: readonly { readonly head: string; readonly of: (network: ScaledNetwork) => string }[] = [
  { head: 'network', of: ({ name }) => name },
  { head: 'depth', of: ({ depth }) => (depth === null ? '' : String(depth)) },
  { head: 'width', of: ({ width }) => (width === null ? '' : String(width)) },
  { head: 'size', of: ({ imageSize }) => String(imageSize) },
  { head: 'parameters', of: ({ params }) => millions(params) },
  { head: 'MACs', of: ({ macs }) => billions(macs) },
  { head: 'activations', of: ({ activationBytes }) => gibibytes(activationBytes) },
  { head: 'weights', of: ({ weightBytes }) => gibibytes(weightBytes) },
]

/** Networks as an aligned table. */
export function formatNetworks(networks: readonly ScaledNetwork[]): string {
  const rows = [columns.map(({ head }) => head), ...networks.map((network) => columns.map(({ of }) => of(network)))]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
