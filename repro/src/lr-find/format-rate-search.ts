import { alignColumns } from '../text-columns.ts'
import type { RateSearch } from './find.ts'

const bars = [...'▁▂▃▄▅▆▇█']
const endings = {
  complete: 'The search ran to its end.',
  diverged: 'The search stopped when the running loss was four times its lowest value.',
  'not finite': 'The search stopped when the loss was no longer a finite number.',
}

/** Stands beside suggestions that may be chance. */
export const caution =
  'Do not trust these rates: the loss fell no further than its own noise makes it fall. Search again with more steps, a larger end or another seed.'

/** A learning rate in three digits, `2.75e-4`. */
export const formatRate = (rate: number): string => rate.toExponential(2)

/** What a search found as text: the curve of the loss, and the suggestions. */
export function formatRateSearch({ points, suggestions, doubtful, stopped, recipeRate }: RateSearch): string {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return `${endings[stopped]} It has no point to show.`
  const rows = suggestions === null ? [] : Object.entries(suggestions).map(([rule, rate]) => [rule, formatRate(rate)])
  return [
    `${sparkline(points.map(({ loss }) => loss))}`,
    `running loss from ${formatRate(first.rate)} to ${formatRate(last.rate)}. ${endings[stopped]}`,
    '',
    alignColumns([['rule', 'learning rate'], ...rows, ['the recipe', formatRate(recipeRate)]]),
    ...(suggestions === null
      ? ['The search has too few points for a suggestion. Take more --steps or a smaller --start.']
      : doubtful
        ? [caution]
        : []),
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
