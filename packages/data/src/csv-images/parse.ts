import { fail } from '@tricklab/core'

/** A row of a table with the number of the line on which it begins. */
export interface CsvRow {
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * The rows of a CSV file as RFC 4180 has them: fields in quotes may hold separators, line breaks and doubled quotes. Empty
 * lines and a byte order mark are passed over.
 * @param file name for messages
 * @errors E_DATASET_CORRUPT for a quote that is not closed, or that stands in the middle of a field
 */
export function parseCsv(text: string, separator: string, file: string): CsvRow[] {
  const rows: CsvRow[] = []
  let [at, line] = [text.startsWith('\uFEFF') ? 1 : 0, 1]
  while (at < text.length) {
    const fields: string[] = []
    const begin = line
    for (let more = true; more; ) {
      let field = ''
      if (text[at] === '"') {
        const end = closingQuote(text, at)
        if (end === undefined) refuse(file, line, 'a quote that is not closed')
        field = text.slice(at + 1, end).replaceAll('""', '"')
        line += field.split('\n').length - 1
        at = end + 1
        if (at < text.length && text[at] !== separator && text[at] !== '\n' && !text.startsWith('\r\n', at))
          refuse(file, line, 'text behind a closing quote')
      } else {
        const from = at
        while (at < text.length && text[at] !== separator && text[at] !== '\n') at += 1
        field = text.slice(from, at).replace(/\r$/, '')
      }
      fields.push(field)
      if (text[at] === '\r') at += 1
      more = text[at] === separator
      at += 1
    }
    line += 1
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: begin, fields })
  }
  return rows
}

function closingQuote(text: string, open: number): number | undefined {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] !== '"') continue
    if (text[at + 1] !== '"') return at
    at += 1
  }
  return undefined
}

function refuse(file: string, line: number, what: string): never {
  return fail('E_DATASET_CORRUPT', {
    what: `Line ${line} of ${file} has ${what}.`,
    expected: 'CSV: fields between separators, in double quotes where they hold one; a quote inside is doubled.',
    received: `line ${line}.`,
    fix: 'correct the line.',
  })
}
