/** A page of the site that a program writes. */
export interface Page {
  /** Place below `docs`, without extension: `tricks/mixup`. */
  readonly path: string
  readonly title: string
  readonly markdown: string
}

/** Text in which Markdown and Vue see nothing but text; code in backticks stays as it is. */
export function escapeText(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;')))
    .join('')
}

/** A Markdown table. `align`: `l` or `r` for each column. */
export function markdownTable(heads: readonly string[], align: string, rows: readonly (readonly string[])[]): string {
  const rule = [...align].map((side) => (side === 'r' ? '--:' : '---'))
  return [heads, rule, ...rows].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |\n`).join('')
}

/** Pipes end a cell, even inside backticks. */
const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
