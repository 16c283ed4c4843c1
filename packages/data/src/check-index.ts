import { type Dataset, fail, type Split } from '@tricklab/core'

/** @errors E_INTERNAL when the split has no sample of this index */
export function checkIndex(dataset: Pick<Dataset, 'size'>, split: Split, index: number): void {
  const size = dataset.size(split)
  if (Number.isInteger(index) && index >= 0 && index < size) return
  fail('E_INTERNAL', {
    what: `A sample was asked for that the ${split} split does not have.`,
    expected: `index from 0 to ${size - 1}.`,
    received: `${index}.`,
  })
}
