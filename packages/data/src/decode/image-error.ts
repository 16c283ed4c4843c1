import { TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { ImageError } from './decode.ts'

/** What is wrong with an image, in the house form. */
export function describeImageError(error: Pick<ImageError, 'path' | 'message' | 'received' | 'fault'>): Problem {
  const { path, message, received, fault } = error
  if (fault === 'unreadable') {
    return {
      code: 'E_DATASET_READ',
      what: `${path} cannot be read (${message}).`,
      expected: 'a file that this user may read.',
      received: `${received}.`,
      fix: 'look at the file, its permissions and its disk; a run goes on with --resume.',
    }
  }
  return {
    code: 'E_DATASET_CORRUPT',
    what: `${path} cannot be decoded (${message}).`,
    expected: 'a whole JPEG, PNG, WebP, AVIF, TIFF or GIF image.',
    received: `${received}.`,
    fix: "put the right file in its place, or set the dataset's option onBadImage to 'skip'.",
  }
}

/** Runs what reads images; an image at fault becomes an error of ours that names the file. */
export async function inHouseForm<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw error instanceof ImageError ? new TricklabError([describeImageError(error)]) : error
  }
}
