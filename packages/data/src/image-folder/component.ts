import { opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { findGiven } from '../folder/find-given.ts'
import { openPhotos } from '../photos/open-own.ts'
import { readingFacts, readingOptions } from '../photos/reading.ts'
import { shareOptions } from '../split/draw-validation.ts'
import { listImageFolder } from './list.ts'

const options = {
  folder: opt.text({
    doc: 'Path of a folder with a folder of photos for each class. The path starts from a folder that `--data` names, or from the folder where the command runs.',
  }),
  ...shareOptions,
  ...readingOptions({ orientation: 'exif', colours: 'srgb' }),
}

/** Photos of one's own whose classes are folders. */
export const imageFolder = {
  doc: 'Photos of your own, with a folder for each class: below `train` and `val`, or in one folder of which a share validates.',
  options,
  // Classes and sizes, only the folder tells.
  facts: (given) => ({ reading: readingFacts(given) }),
  create: async ({ folder, ...given }, context) => {
    const root = await findGiven('folder', folder, context)
    return openPhotos(root, await listImageFolder(root, given), given, context)
  },
} satisfies Component<'dataset', typeof options>
