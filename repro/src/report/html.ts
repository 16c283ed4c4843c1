import { fail } from '@tricklab/core'

/** Text that is already HTML or SVG and must not be escaped again. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export type Child = Html | string | number | null | undefined | false | readonly Child[]

const entities: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text made safe for elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}

/**
 * Template for HTML and SVG: whatever is put in is escaped unless it is itself made by this template. Lists are
 * joined; null, undefined and false leave nothing.
 * @errors E_INTERNAL for a number that is not finite: no NaN may reach a page.
 */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  return new Html(strings.map((text, index) => (index === 0 ? '' : render(children[index - 1])) + text).join(''))
}

function render(child: Child): string {
  if (child === null || child === undefined || child === false) return ''
  if (child instanceof Html) return child.text
  if (typeof child === 'string') return escapeHtml(child)
  if (typeof child === 'number') return finite(child)
  return child.map(render).join('')
}

function finite(value: number): string {
  if (!Number.isFinite(value)) {
    fail('E_INTERNAL', { what: 'A report would show a value that is not a finite number.', received: `${value}.` })
  }
  return String(value)
}

/** A coordinate, to a tenth of a pixel. Far outside every frame a larger number only troubles those who draw it. */
export function px(value: number): number {
  return Math.round(Math.min(1e5, Math.max(-1e5, value)) * 10) / 10
}
