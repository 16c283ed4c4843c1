/** Parts of a page that a program writes, between two marks. */
export function replaceBetween(page: string, [start, end]: readonly [string, string], content: string): string {
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`The page does not contain the marks ${start} and ${end}.`)
  return `${page.slice(0, from + start.length)}\n\n${content.trimEnd()}\n\n${page.slice(to)}`
}
