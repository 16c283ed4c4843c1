import { type Html, html, Html as Markup } from './html.ts'
import { styleSheet } from './style.ts'

/** What a page shows. */
export interface Page {
  readonly title: string
  readonly body: Html
  /** What made it, and from what. */
  readonly footer: Html
}

/** One self-contained HTML file: no script, no network, light and dark, for screen, phone and paper. */
export function renderPage({ title, body, footer }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title} – Tricklab</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<main>
${body}
<footer>${footer}</footer>
</main>
</body>
</html>
`.text
}
