import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Component, opt } from '@tricklab/core'
import { findGiven } from '../folder/find-given.ts'
import { openPhotos } from '../photos/open-own.ts'
import { readingFacts, readingOptions } from '../photos/reading.ts'
import { shareOptions } from '../split/draw-validation.ts'
import { listCsv } from './list.ts'

const options = {
  file: opt.text({
    doc: 'CSV file with a header and a line for each image; below what `--data` names, or from the folder where the command runs. Images lie below its folder.',
  }),
  pathColumn: opt.text({ default: 'path', doc: 'Column with the path of the image, from the folder of the file.' }),
  labelColumn: opt.text({ default: 'label', doc: 'Column with the name of the class.' }),
  splitColumn: opt.text({
    default: '',
    doc: 'Column that says `train` or `valid` (also `val`, `validation`, `test`); empty: a share of every class validates.',
  }),
  separator: opt.choice(['comma', 'semicolon', 'tab'], { default: 'comma', doc: 'What divides the fields of a line.' }),
  ...shareOptions,
  ...readingOptions({ orientation: 'exif', colours: 'srgb' }),
}

/** Photos of one's own that a table lists. */
export const csvImages = {
  doc: 'Photos of your own that a CSV file lists: a path and a label in every line.',
  options,
  // Classes and sizes, only the file tells.
  facts: (given) => ({ reading: readingFacts(given) }),
  create: async (given, context) => {
    const file = await findGiven('file', given.file, context)
    const listed = listCsv(await readFile(file, 'utf8'), file, given)
    return openPhotos(path.dirname(file), listed, given, context)
  },
} satisfies Component<'dataset', typeof options>
