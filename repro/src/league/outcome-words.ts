import type { Outcome } from './league.ts'

/** What is said of a trick, in tables: "here it helps". */
export const outcomeWords: Readonly<Record<Outcome, string>> = {
  helps: 'helps',
  hurts: 'hurts',
  nothing: 'is worth nothing',
  open: 'is open',
}
