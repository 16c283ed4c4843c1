import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { findGiven } from '../folder/find-given.ts'
import { openPhotos } from '../photos/open-own.ts'
import { readingFacts, readingOptions } from '../photos/reading.ts'
import { shareOptions } from '../split/draw-validation.ts'
import { listCsv } from './list.ts'

const options = {
  file: opt.text({
    doc: 'Path of a CSV file with a header and a line for each image. The path starts from a folder that `--data` names, or from the folder where the command runs. Paths in the file start from the folder of the file.',
  }),
  pathColumn: opt.text({ default: 'path', doc: 'Name of the column with the paths of the images.' }),
  labelColumn: opt.text({ default: 'label', doc: 'Name of the column with the names of the classes.' }),
  splitColumn: opt.text({
    default: '',
    doc: 'Name of the column that says `train` or `valid` (also `val`, `validation`, `test`). If it is empty, `validShare` of every class validates.',
  }),
  separator: opt.choice(['comma', 'semicolon', 'tab'], {
    default: 'comma',
    doc: 'Character between the fields of a line: a `comma`, a `semicolon` or a `tab`.',
  }),
  ...shareOptions,
  ...readingOptions({ orientation: 'exif', colours: 'srgb' }),
}

/** Photos of one's own that a table lists. */
export const csvImages = {
  doc: 'Photos of your own, listed in a CSV file with a path and a label in every line.',
  options,
  // Classes and sizes, only the file tells.
  facts: (given) => ({ reading: readingFacts(given) }),
  create: async (given, context) => {
    const file = await findGiven('file', given.file, context)
    const listed = listCsv(await readFile(file, 'utf8'), file, given)
    return openPhotos(path.dirname(file), listed, given, context)
  },
} satisfies Component<'dataset', typeof options>
