/** Whether a value is `k / samples` for a whole k from 0 to `samples`, to the last bit. */
export function isShare(value: number, samples: number): boolean {
  return value >= 0 && value <= 1 && Math.round(value * samples) / samples === value
}
