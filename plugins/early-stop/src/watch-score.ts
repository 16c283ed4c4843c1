/** The best score so far, and how many epochs ago it was. */
export type Watched = { readonly best: number; readonly waited: number }

/**
 * What is known after one more epoch. Only a score that is better by more than `minDelta` counts as better.
 * @paper Prechelt 1998, "Early stopping – but when?"
 */
export function watchScore(
  before: Watched | null,
  score: number,
  { better, minDelta }: { readonly better: 'higher' | 'lower'; readonly minDelta: number },
): Watched {
  if (before === null) return { best: score, waited: 0 }
  const gain = better === 'higher' ? score - before.best : before.best - score
  return gain > minDelta ? { best: score, waited: 0 } : { ...before, waited: before.waited + 1 }
}
