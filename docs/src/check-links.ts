/** Pages of a built site by their place: `tricks/mixup.html`. */
export type Site = ReadonlyMap<string, string>

/**
 * Every link of the site that leads nowhere, and everything that a page would fetch from elsewhere. VitePress sees
 * neither anchors nor links in HTML and in its own configuration.
 */
export function checkLinks(pages: Site, files: ReadonlySet<string>): string[] {
  const anchors = new Map([...pages].map(([page, text]) => [page, new Set(matches(text, / id="([^"]*)"/g))]))
  return [...pages].flatMap(([page, text]) => [
    ...matches(text, /<a\b[^>]*? href="([^"]*)"/g).flatMap((link) => checkLink(page, link, pages, anchors, files)),
    ...matches(text, /<(?:img|script|link|image|iframe)\b[^>]*? (?:src|href)="((?:https?:)?\/\/[^"]*)"/g).map(
      (address) => `${page} fetches ${address}`,
    ),
  ])
}

function checkLink(
  page: string,
  link: string,
  pages: Site,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
  files: ReadonlySet<string>,
): string[] {
  if (/^(https?|mailto):/.test(link)) return []
  const { pathname, hash } = new URL(decode(link), `http://site/${page.replace(/(index)?\.html$/, '')}`)
  const place = decodeURIComponent(pathname.slice(1))
  const target = [place, `${place}.html`, `${place}index.html`].find((name) => pages.has(name) || files.has(name))
  if (target === undefined) return [`${page} links to ${link}, which is not there`]
  const anchor = decodeURIComponent(hash.slice(1))
  if (anchor === '' || !pages.has(target) || anchors.get(target)!.has(anchor)) return []
  return [`${page} links to ${link}, but ${target} has no anchor "${anchor}"`]
}

const matches = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1]!)),
]

const decode = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&#39;', "'")
