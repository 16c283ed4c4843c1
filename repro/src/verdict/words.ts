import type { RecordedData } from '../record/recorded-data.ts'
import type { Verdict } from '../record/types.ts'

/** Verdicts in words, with a sign for those who do not see the colour. */
export const verdictWords: { readonly [V in Verdict]: { readonly sign: string; readonly words: string } } = {
  reproduced: { sign: '✓', words: 'reproduced' },
  exceeds: { sign: '▲', words: 'exceeds' },
  'falls-short': { sign: '▼', words: 'falls short' },
  inconclusive: { sign: '?', words: 'inconclusive' },
  partial: { sign: '◐', words: 'partial' },
  measured: { sign: '•', words: 'measured' },
}

/** The words of a verdict with the data that it is about, where they are not the source's. */
export function verdictText(verdict: Verdict, { others }: Pick<RecordedData, 'others'>): string {
  const { sign, words } = verdictWords[verdict]
  return `${sign} ${words}${others === undefined ? '' : ` on ${others}`}`
}
