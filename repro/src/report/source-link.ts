import { readSource } from '@tricklab/recipes'
import { type Html, html } from './html.ts'

/** The source of a table, whose name leads to its document where that is public. */
export function sourceLink(source: string): Html {
  const { name, url, rest } = readSource(source)
  return url === undefined ? html`${name}` : html`<a href="${url}">${name}</a>${rest}`
}
