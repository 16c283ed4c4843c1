const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text made safe for elements and quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]!)

/** An image inside the page itself. */
export const inlineImage = (bytes: Uint8Array, alt: string): string =>
  `<img src="data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}" alt="${escapeHtml(alt)}">`

/** A whole page that needs nothing beside it. */
export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
  table { border-collapse: collapse; } th, td { padding: .2rem .9rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); }
  td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
  tr.sum td { font-weight: 600; border-bottom: 0; }
  .sheet { display: flex; flex-wrap: wrap; gap: .5rem; }
  .sheet figure { width: min-content; min-width: 5.5rem; } .sheet figure.wide { width: auto; }
  .sheet h3 { flex-basis: 100%; margin-bottom: 0; }
  @media (max-width: 480px) { body { padding: 0 .7rem; } .sheet { gap: .4rem; } }
  figure { margin: 0; } figcaption { font-size: .75rem; line-height: 1.3; opacity: .75; overflow-wrap: anywhere; }
  figure.wide figcaption { max-width: 19rem; margin: .15rem 1rem .6rem 0; } figcaption { margin-top: .15rem; }
  img { display: block; border-radius: 3px; }
  code { font-size: .85em; overflow-wrap: anywhere; }
</style>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`
