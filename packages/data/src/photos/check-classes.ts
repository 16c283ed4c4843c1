import { fail, type Split } from '@tricklab/core'

const titles = { train: 'training', valid: 'validation' } as const

/**
 * What a classifier can learn from: two classes or more, each with images to train and to validate with.
 * @param what the dataset, for messages
 * @errors E_DATASET_CLASSES
 */
export function checkClasses(
  what: string,
  classes: readonly string[],
  images: readonly { readonly split: Split; readonly label: number }[],
): void {
  refuseSingle(what, classes)
  for (const split of ['train', 'valid'] as const) {
    const present = new Set(images.filter((image) => image.split === split).map(({ label }) => label))
    const lacking = classes.filter((_, label) => !present.has(label))
    if (lacking.length === 0) continue
    const named = lacking.slice(0, 10).map((name) => `"${name}"`)
    fail('E_DATASET_CLASSES', {
      what: `${what} has no ${titles[split]} image of ${lacking.length === 1 ? 'the class' : 'the classes'} ${named.join(', ')}${lacking.length > 10 ? ' and others' : ''}.`,
      expected: 'images of every class in training and in validation.',
      received: `${present.size} of ${classes.length} classes in ${titles[split]}.`,
      fix: 'add the missing images, or remove the class everywhere.',
    })
  }
}

/** What any dataset must have to be trained on. @errors E_DATASET_CLASSES */
export const checkTwoClasses = ({ classes }: { readonly classes: readonly string[] }): void =>
  refuseSingle('The dataset', classes)

function refuseSingle(what: string, classes: readonly string[]): void {
  if (classes.length >= 2) return
  fail('E_DATASET_CLASSES', {
    what: `${what} has fewer than two classes, so there is nothing to tell apart.`,
    expected: 'at least two classes.',
    received: classes.length === 0 ? 'none.' : `"${classes[0]}" alone.`,
    fix: 'add images of another class.',
  })
}
