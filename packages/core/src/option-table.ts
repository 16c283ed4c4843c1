import type { OptionSchema } from './options.ts'

/** The options of a component as an aligned Markdown table: for its README, which a test compares with it. */
export function formatOptionTable(schema: OptionSchema): string {
  const rows = [
    ['option', 'default', 'accepts', 'what'],
    ...Object.entries(schema).map(([name, { default: standard, accepts, unit, doc }]) => [
      `\`${name}\``,
      standard === undefined ? 'required' : `\`${JSON.stringify(standard)}\``,
      unit === undefined ? accepts : `${accepts} (${unit})`,
      doc,
    ]),
  ].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  const [head, ...body] = rows
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
