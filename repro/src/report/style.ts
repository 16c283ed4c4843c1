/** Style sheet of the report. Colours are chosen to be told apart by colour-blind readers, on light and dark. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f6f6f4; --surface: #ffffff; --ink: #1b1c1d; --soft: #5c6064; --line: #dfe0dd; --grid: #ececea;
  --train: #1f6fd0; --valid: #d9591c; --schedule: #0c8577; --momentum: #7a51c4; --measured: #1f6fd0;
  --band: #e7eef8; --good: #14733b; --good-soft: #e2f3e8; --great: #1857b5; --great-soft: #e3edfb;
  --bad: #b3261e; --bad-soft: #fce8e6; --doubt: #855400; --doubt-soft: #fdf0d2; --plain: #53575b; --plain-soft: #ececea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131415; --surface: #1b1c1e; --ink: #eceded; --soft: #a3a8ad; --line: #36393c; --grid: #292b2e;
    --train: #5b9ff0; --valid: #f0854a; --schedule: #3cc0ae; --momentum: #ab8bef; --measured: #5b9ff0;
    --band: #24354d; --good: #6fd596; --good-soft: #17331f; --great: #8db9f8; --great-soft: #1a2d48;
    --bad: #ff9088; --bad-soft: #44201d; --doubt: #f1c15b; --doubt-soft: #3b2d0e; --plain: #b4b8bc; --plain-soft: #2d2f32;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 56px; }
code, .hash { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.92em; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 3px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 4px 0 8px; text-wrap: balance; overflow-wrap: anywhere; }
h1.minor { font-size: 24px; }
h2 { display: flex; flex-wrap: wrap; align-items: center; gap: 12px; font-size: 22px; line-height: 1.25; margin: 0 0 8px; overflow-wrap: anywhere; }
h3 { font-size: 15px; margin: 28px 0 8px; }
p { margin: 0 0 12px; }
header { margin-bottom: 24px; }
header ~ header { margin-top: 48px; }
.eyebrow { color: var(--soft); margin: 0; }
.source { color: var(--soft); overflow-wrap: anywhere; }
.tally { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; }
.note { max-width: 80ch; overflow-wrap: anywhere; }
.hint, footer { color: var(--soft); font-size: 13px; }
footer { margin-top: 40px; }
.banner { background: var(--doubt-soft); color: var(--doubt); border-left: 4px solid currentColor; border-radius: 4px; padding: 10px 14px; }
.badge { display: inline-flex; align-items: center; gap: 6px; padding: 2px 10px 2px 8px; border-radius: 999px; font-size: 13px; font-weight: 600; line-height: 20px; letter-spacing: 0; white-space: nowrap; background: var(--plain-soft); color: var(--plain); }
.badge-sign { font-weight: 700; min-width: 1em; text-align: center; }
.badge.reproduced { background: var(--good-soft); color: var(--good); }
.badge.exceeds { background: var(--great-soft); color: var(--great); }
.badge.falls-short { background: var(--bad-soft); color: var(--bad); }
.badge.inconclusive, .badge.partial { background: var(--doubt-soft); color: var(--doubt); }

section.row { border-top: 1px solid var(--line); margin-top: 40px; padding-top: 32px; scroll-margin-top: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; }
th, td { padding: 8px 10px; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: 13px; font-weight: 500; vertical-align: bottom; }
.cards, .plain { background: var(--surface); border: 1px solid var(--line); border-radius: 8px; border-collapse: separate; border-spacing: 0; overflow: hidden; }
.cards tbody tr:last-child > *, .plain tbody tr:last-child > *, .pairs tr:last-child > * { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
td small, th small { display: block; color: var(--soft); font-size: 12px; font-weight: 400; line-height: 1.5; }
td .values { white-space: normal; max-width: 32ch; margin-left: auto; }
.verdicts { margin-bottom: 10px; }
.verdicts { font-size: 14px; }
.verdicts tbody th { min-width: 15ch; font-size: 15px; }
.verdicts .engine { min-width: 10ch; }
.cards tbody th { overflow-wrap: anywhere; }
.plain tbody th { white-space: nowrap; }
.hash { font-size: 12px; line-height: 1.5; overflow-wrap: anywhere; min-width: 20ch; }
.filters { display: flex; flex-wrap: wrap; align-items: baseline; gap: 8px 16px; }
.filters label { display: flex; align-items: baseline; gap: 6px; max-width: 100%; }
.filters select { font: inherit; min-width: 0; color: inherit; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 4px 6px; }
.scroll { overflow-x: auto; overflow-y: hidden; }
.plain { width: auto; min-width: min(100%, 560px); }
.plain .group { text-align: center; border-bottom: 0; padding-bottom: 0; color: var(--ink); }
.plain tbody tr:last-child { font-weight: 600; }
.plain.matrix { min-width: 0; } .plain.matrix tbody tr:last-child { font-weight: inherit; }
.matrix th, .matrix td { padding: 5px 7px; font-size: 13px; }
.differs { background: var(--bad-soft); color: var(--bad); font-weight: 600; }
.pairs { font-size: 14px; table-layout: fixed; }
.pairs th { width: 38%; padding: 5px 12px 5px calc(var(--depth) * 16px); color: var(--soft); font-weight: 400; overflow-wrap: anywhere; }
.pairs td { padding: 5px 0; overflow-wrap: anywhere; }
.pairs b { font-weight: 600; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); column-gap: 40px; }

details { margin-top: 28px; }
summary { cursor: pointer; font-weight: 600; width: fit-content; }
details h3 { margin-top: 16px; }

figure { margin: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px 12px; min-width: 0; break-inside: avoid; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px; margin-top: 20px; }
.charts.many { grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); margin-bottom: 20px; }
.charts.maps { grid-template-columns: repeat(auto-fill, minmax(min(100%, 240px), 1fr)); }
.charts.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 200px), 1fr)); } .small .hint { overflow-wrap: anywhere; }
.overview { margin-top: 20px; }
figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 16px; margin-bottom: 10px; }
.figure-title { font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; list-style: none; margin: 0; padding: 0; font-size: 13px; color: var(--soft); }
.legend li { display: inline-flex; align-items: center; gap: 6px; }
.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart.costs { width: calc(100% - 150px); margin-left: 88px; }
.chart text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums; }
.chart .lane-title { fill: var(--ink); font-size: 13px; font-weight: 600; }
.chart path { fill: none; stroke-linecap: round; stroke-linejoin: round; } .chart line { stroke-linecap: round; }
.chart .grid { stroke: var(--grid); }
.chart .zero { stroke: var(--soft); stroke-dasharray: 3 3; }
.chart .axis, .chart .notch { stroke: var(--soft); stroke-opacity: 0.6; }
.train { --tone: var(--train); } .valid { --tone: var(--valid); } .schedule { --tone: var(--schedule); }
.momentum { --tone: var(--momentum); } .measured { --tone: var(--measured); } .reported, .ink { --tone: var(--ink); } .bad { --tone: var(--bad); }
.helps { --tone: var(--good); } .hurts { --tone: var(--bad); } .nothing, .open { --tone: var(--plain); }
.chart .line { stroke: var(--tone); stroke-width: 2; }
.chart .thin { stroke: var(--tone); stroke-width: 1; }
.chart .many .line { stroke-width: 1.25; }
.chart .dashed { stroke: var(--tone); stroke-width: 1.5; stroke-dasharray: 5 4; }
.chart .end-label { fill: var(--tone); font-weight: 600; }
.chart .line:hover { stroke-width: 4; opacity: 1; }
.chart .mark .sign { stroke: var(--surface); stroke-width: 1.25; fill: var(--tone); }
.chart .mark.square .sign, .chart .mark.diamond .sign { fill: var(--surface); stroke: var(--tone); stroke-width: 2; }
.chart .mark .bar { stroke: var(--tone); stroke-width: 2; }
.chart .mark:hover .sign { stroke-width: 3.5; }
.chart .band { fill: var(--band); }
.chart .cost { fill: var(--tone); fill-opacity: 0.75; }
.chart .interval { stroke: var(--tone); stroke-width: 2.5; }
.key { flex: none; display: inline-block; width: 18px; height: 2px; border-radius: 2px; background: var(--tone); }
.key.thin { height: 1px; opacity: 0.5; }
.key.dot, .key.square, .key.diamond { width: 9px; height: 9px; border-radius: 50%; }
.key.square, .key.diamond { border-radius: 0; background: var(--surface); border: 2px solid var(--tone); }
.key.diamond { transform: rotate(45deg); width: 8px; height: 8px; }
.key.interval { background: var(--tone, var(--measured)); height: 3px; }
.key.band { background: var(--band); height: 12px; border-radius: 3px; }

@media screen and (max-width: 960px) {
  main { padding: 24px 16px 40px; }
  h1 { font-size: 24px; } h1.minor { font-size: 20px; }
  .cards, .cards tbody, .cards tr, .cards td, .cards th { display: block; width: auto; }
  .cards thead { display: none; }
  .cards tr { padding: 10px 14px; border-bottom: 1px solid var(--line); }
  .cards tbody tr:last-child { border-bottom: 0; }
  .cards td, .cards tbody th { display: grid; grid-template-columns: 116px minmax(0, 1fr); gap: 0 12px; padding: 2px 0; border: 0; text-align: left; white-space: normal; }
  .cards td::before, .cards tbody th::before { content: attr(data-label); color: var(--soft); font-size: 13px; font-weight: 400; font-family: system-ui, sans-serif; line-height: 1.7; }
  .cards small { grid-column: 2; }
  .cards tbody th { font-size: 17px; padding-bottom: 6px; }
  .cards tbody th::before { line-height: 24px; }
  td .values { max-width: none; margin-left: 0; }
  .cards .badge { justify-self: start; }
  figure { padding: 12px 10px 10px; }
}
@media screen and (max-width: 560px) {
  .matrix tbody th { white-space: normal; } .plain.matrix th, .plain.matrix td { padding: 5px 3px; }
  .charts.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 150px), 1fr)); gap: 10px; }
  .plain { font-size: 13px; } .plain th, .plain td { padding: 6px 4px; } .plain thead th { font-size: 11px; }
  .chart text { font-size: 14px; } .chart.fluid text { font-size: 12px; } }
@media print {
  :root { color-scheme: light; --page: #fff; --surface: #fff; --ink: #000; --soft: #444; --line: #bbb; --grid: #e5e5e5;
    --train: #1f6fd0; --valid: #d9591c; --schedule: #0c8577; --momentum: #7a51c4; --measured: #1f6fd0; --band: #e7eef8;
    --good: #14733b; --good-soft: #e2f3e8; --great: #1857b5; --great-soft: #e3edfb; --bad: #b3261e; --bad-soft: #fce8e6;
    --doubt: #855400; --doubt-soft: #fdf0d2; --plain: #53575b; --plain-soft: #ececea; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 12px; }
  main { max-width: none; padding: 0; }
  .charts { grid-template-columns: 1fr 1fr; }
  .hash { font-size: 8px; }
  th, td { padding: 4px 5px; } .cards, .verdicts, .pairs { font-size: 10px; } .verdicts tbody th { font-size: 10px; min-width: 0; }
  .verdicts .engine { min-width: 0; }
  td small, th small, thead th { font-size: 9px; } .badge { font-size: 10px; padding: 0 7px 0 5px; } .pairs th { padding: 3px 12px 3px calc(var(--depth) * 12px); }
  details::details-content { content-visibility: visible; height: auto; }
  summary { display: none; }
  h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
}
`
