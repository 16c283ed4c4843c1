import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { fail, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { findGiven } from '../folder/find-given.ts'
import { isImageName, listFolders } from '../folder/walk.ts'
import { listImageFolder } from '../image-folder/list.ts'
import { openPhotos } from '../photos/open-own.ts'
import { readingFacts, readingOptions } from '../photos/reading.ts'

const options = {
  folder: opt.text({
    default: 'imagenet',
    doc: 'Path of a folder with `train` and `val`, which contain a folder for each class, named by its WordNet number. The path starts from a folder that `--data` names, or from the folder where the command runs.',
  }),
  ...readingOptions({ orientation: 'stored', colours: 'stored' }),
}

const total = 1000

/** ImageNet, or a part of its classes, as the user has it. */
export const imagenet = {
  doc: 'ImageNet (ILSVRC 2012) or a part of its classes, in the usual layout: `train/<wnid>` and `val/<wnid>`. It is never downloaded.',
  options,
  facts: (given) => ({ reading: readingFacts(given) }),
  create: async ({ folder, ...given }, context) => {
    const root = await findGiven('folder', folder, context)
    await checkLayout(root)
    // Both splits are there, so no share is drawn.
    const { classes, files, notes } = await listImageFolder(root, { validShare: 0, splitSeed: 0 })
    const part = classes.length === total ? [] : [`It holds ${classes.length} of the ${total} classes.`]
    return openPhotos(root, { classes, files, notes: [...part, ...notes] }, given, context)
  },
} satisfies Component<'dataset', typeof options>

/** @errors E_DATASET_CORRUPT where the folders are not those of ImageNet; validation photos often are not sorted yet */
async function checkLayout(root: string): Promise<void> {
  for (const split of ['train', 'val']) {
    const place = path.join(root, split)
    const folders = await listFolders(place).catch((): string[] => [])
    const strange = folders.filter((name) => !/^n\d{8}$/.test(name))
    if (folders.length > 0 && strange.length === 0) continue
    const loose = (await readdir(place).catch((): string[] => [])).filter(isImageName)
    fail('E_DATASET_CORRUPT', {
      what: `${place} does not hold ImageNet in the usual layout.`,
      expected: `a folder for each class in it, named like n01440764, with its photos.`,
      received:
        strange.length > 0
          ? `the folder ${strange[0]}.`
          : loose.length > 0
            ? `${loose.length} photos that are not sorted into classes.`
            : 'no folders.',
      fix:
        loose.length > 0
          ? 'move every photo into the folder of its class.'
          : 'pass the folder that holds train and val.',
    })
  }
}
