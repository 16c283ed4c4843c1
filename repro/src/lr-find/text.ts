import { alignColumns } from '../text-columns.ts'
import type { RateSearch } from './find.ts'

const bars = [...'▁▂▃▄▅▆▇█']
const endings = {
  complete: 'It ran to the end.',
  diverged: 'It stopped when the running loss was four times its best.',
  'not finite': 'It stopped when the loss was no number any more.',
}

/** A learning rate in three digits, `2.75e-4`. */
export const formatRate = (rate: number): string => rate.toExponential(2)

/** What a search found as text: the curve of the loss, and the suggestions. */
export function formatRateSearch({ points, suggestions, stopped, recipeRate }: RateSearch): string {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return `${endings[stopped]} There is nothing to see.`
  const rows = suggestions === null ? [] : Object.entries(suggestions).map(([rule, rate]) => [rule, formatRate(rate)])
  return [
    `${sparkline(points.map(({ loss }) => loss))}`,
    `running loss from ${formatRate(first.rate)} to ${formatRate(last.rate)}. ${endings[stopped]}`,
    '',
    alignColumns([['rule', 'learning rate'], ...rows, ['the recipe', formatRate(recipeRate)]]),
    ...(suggestions === null ? ['Too few points for a suggestion: take more --steps or a smaller --start.'] : []),
  ].join('\n')
}

/** Losses above twice the median are all drawn as the highest bar: how far they fly off tells nothing. */
function sparkline(losses: readonly number[]): string {
  const width = Math.min(60, losses.length)
  const shown = Array.from({ length: width }, (_, i) => losses[Math.floor((i * losses.length) / width)]!)
  const low = Math.min(...shown)
  const high = Math.min(Math.max(...shown), 2 * [...shown].sort((a, b) => a - b)[Math.floor(width / 2)]!)
  const level = (loss: number) => Math.min(7, Math.floor((8 * (loss - low)) / (high - low || 1)))
  return shown.map((loss) => bars[level(loss)]).join('')
}

export { endings }
