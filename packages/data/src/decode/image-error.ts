import type { Problem } from '@tricklab/core'
import type { ImageError } from './decode.ts'

/** What is wrong with an image, in the house form. */
export function describeImageError({
  path,
  message,
  received,
}: Pick<ImageError, 'path' | 'message' | 'received'>): Problem {
  return {
    code: 'E_DATASET_CORRUPT',
    what: `${path} cannot be decoded (${message}).`,
    expected: 'a whole JPEG image.',
    received: `${received}.`,
    fix: "put the published file in its place, or set the dataset's option onBadImage to 'skip'.",
  }
}
