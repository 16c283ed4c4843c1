import { expect, test } from 'vitest'
import { comparePrinted, formatStatistics } from '../src/lab/dataset-statistics.ts'

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
const before = { mean: [0.46, 0.44, 0.42], std: [0.28, 0.28, 0.29] }
const normalize = (of: typeof before) => ({
  mean: of.mean.map((value, c) => (value - imagenet.mean[c]!) / imagenet.std[c]!),
  std: of.std.map((value, c) => value / imagenet.std[c]!),
})
const compare = (of: typeof before, after = normalize(of)) => comparePrinted('imagenette2', of, after, imagenet)

test('a batch like those of the source agrees with what it prints', () => {
  const printed = compare(before)!
  // Copied from the page: the first channel of each.
  expect([printed.before.mean[0], printed.before.std[0]]).toEqual([0.4498, 0.2893])
  expect([printed.after.mean[0], printed.after.std[0]]).toEqual([-0.2055, 1.1835])
  expect(printed.agrees).toBe(true)
  const after = normalize(before)
  const text = formatStatistics({ images: 64, size: 224, before, after, error: 1e-7, printed })
  expect(text).toMatch(/\n {2}the source prints +0\.4498 +0\.4448 +0\.4141 +0\.2893 +0\.2792 +0\.3022\nafter +-0\.1092/)
  expect(text).toMatch(/agrees with the source, of other batches, within 0\.3 deviations$/)
})

test('one channel that is off is found, before and after normalisation', () => {
  expect(compare({ ...before, mean: [0.46, 0.44, 0.5] })?.agrees).toBe(false)
  expect(compare({ ...before, std: [0.28, 0.2, 0.29] })?.agrees).toBe(false)
  // Not normalised at all, and normalised twice.
  expect(compare(before, before)?.agrees).toBe(false)
  expect(compare(before, normalize(normalize(before)))?.agrees).toBe(false)
  expect(compare({ mean: [0, 0, 0], std: [1, 1, 1] }, normalize(before))?.agrees).toBe(false)
})

test('a dataset of which no source prints anything is measured only', () => {
  expect(comparePrinted('imagewoof2', before, normalize(before), imagenet)).toBeNull()
})
