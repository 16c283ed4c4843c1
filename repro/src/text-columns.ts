/** Cells as aligned text: the first column to the left, numbers to the right, a rule below the heads. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd()
  return [line(lines[0]!), line(widths.map((size) => '─'.repeat(size))), ...lines.slice(1).map(line)].join('\n')
}
