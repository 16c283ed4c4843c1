import { createHash } from 'node:crypto'
import { type Html, html, Html as Markup } from './html.ts'
import { styleSheet } from './style.ts'

/** What a page shows. */
export interface Page {
  readonly title: string
  readonly body: Html
  /** What made it, and from what. */
  readonly footer: Html
  /** A script of the page, which may ask where the page comes from; absent: none. */
  readonly script?: string
  /** Seconds after which the page loads itself again; absent: never. */
  readonly reloadSeconds?: number
}

/** One self-contained HTML file: no network, light and dark, for screen, phone and paper; no script unless given. */
export function renderPage({ title, body, footer, script, reloadSeconds }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:${script !== undefined && allow(script)}">
<meta name="color-scheme" content="light dark">
${
  reloadSeconds !== undefined &&
  html`<meta http-equiv="refresh" content="${reloadSeconds}">
`
}<link rel="icon" href="data:,">
<title>${title} – Tricklab</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<main>
${body}
<footer>${footer}</footer>
</main>
${
  script !== undefined &&
  html`<script>${new Markup(script)}</script>
`
}</body>
</html>
`.text
}

/** Of all scripts that could get into a page, this one alone is run. */
const allow = (script: string): Html =>
  html`; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; connect-src 'self'`
