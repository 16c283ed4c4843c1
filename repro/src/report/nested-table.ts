import type { Json } from '@tricklab/core'
import { type Html, html } from './html.ts'

type Entries = readonly (readonly [name: string, value: Json])[]

/** JSON as a table of two columns; what lies deeper is indented. A component shows its name and then its options. */
export function nestedTable(value: { readonly [key: string]: Json } | Entries): Html {
  const entries: Entries = isEntries(value) ? value : Object.entries(value)
  return html`<table class="pairs"><tbody>
${entries.map(([name, item]) => rows(name, item, 0))}</tbody></table>`
}

const isEntries = (value: { readonly [key: string]: Json } | Entries): value is Entries => Array.isArray(value)

function rows(name: string, value: Json, depth: number): Html {
  if (Array.isArray(value) && value.some(isNested)) {
    return html`${pair(name, '', depth)}${value.map((item, index) => rows(`${index + 1}`, item, depth + 1))}`
  }
  if (!isObject(value)) return pair(name, leaf(value), depth)
  const { use, ...options } = value
  return html`${pair(name, typeof use === 'string' ? use : '', depth, typeof use === 'string')}${Object.entries(
    typeof use === 'string' ? options : value,
  ).map(([key, item]) => rows(key, item, depth + 1))}`
}

function pair(name: string, value: string, depth: number, component = false): Html {
  const cell = component ? html`<b>${value}</b>` : value
  return html`<tr><th scope="row" style="--depth:${depth}">${name}</th><td>${cell}</td></tr>
`
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNested = (value: Json): boolean => typeof value === 'object' && value !== null

function leaf(value: Json): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(leaf).join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'number' ? readable(value) : String(value)
}

/** Numbers from 10 000 up with thin spaces between thousands; the rest as JavaScript writes them. */
function readable(value: number): string {
  return Number.isInteger(value) && Math.abs(value) >= 10_000 && Math.abs(value) < 1e15
    ? value.toLocaleString('en-US').replaceAll(',', '\u2009')
    : String(value)
}
