/**
 * p values corrected for their number after Holm: in rising order the i-th of m is multiplied by m − i + 1, and none is
 * smaller than the one before it. To call what is below 5 % an effect is then wrong of any of them with a chance of 5 % at
 * most, however they depend on each other.
 * @returns in the order given
 * @paper S. Holm, Scandinavian Journal of Statistics 6 (1979) 65–70
 */
export function holm(values: readonly number[]): number[] {
  const rising = values.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  const corrected = new Array<number>(values.length)
  let largest = 0
  for (const [rank, { p, index }] of rising.entries()) {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * p))
    corrected[index] = largest
  }
  return corrected
}
