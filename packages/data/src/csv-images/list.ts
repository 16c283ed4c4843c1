import path from 'node:path'
import { fail, type Split } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'
import type { OwnPhotos } from '../photos/open-own.ts'
import { drawValidation, type ShareOptions } from '../split/draw-validation.ts'
import { parseCsv } from './parse.ts'

export interface CsvOptions extends ShareOptions {
  readonly pathColumn: string
  readonly labelColumn: string
  /** Empty: a share validates. */
  readonly splitColumn: string
  readonly separator: 'comma' | 'semicolon' | 'tab'
}

const separators = { comma: ',', semicolon: ';', tab: '\t' } as const

const splitNames: { readonly [name: string]: Split } = {
  train: 'train',
  training: 'train',
  val: 'valid',
  valid: 'valid',
  validation: 'valid',
  test: 'valid',
}

/**
 * The images that a CSV file lists, by its header. Labels are the names of the classes, in order; whole numbers by value.
 * @param file name for messages
 * @errors E_DATASET_CORRUPT naming the line; E_MULTI_LABEL for an image with two labels; E_DATASET_CLASSES
 */
export function listCsv(text: string, file: string, options: CsvOptions): OwnPhotos {
  const [header, ...rows] = parseCsv(text, separators[options.separator], file)
  const names = header?.fields.map((name) => name.trim()) ?? []
  const column = (name: string) => findColumn(name, names, file, options.separator)
  const [atPath, atLabel] = [column(options.pathColumn), column(options.labelColumn)]
  const atSplit = options.splitColumn === '' ? undefined : column(options.splitColumn)

  const seen = new Map<string, { readonly label: string; readonly line: number }>()
  const images = rows.map(({ line, fields }) => {
    if (fields.length !== names.length)
      refuseLine(file, line, `${names.length} fields, as the header`, `${fields.length}`)
    const image = cleanPath(fields[atPath]!, file, line)
    const label = fields[atLabel]!.trim()
    if (label === '') refuseLine(file, line, 'a label', 'an empty field')
    const before = seen.get(image)
    if (before !== undefined) refuseTwice(file, image, { label, line }, before)
    seen.set(image, { label, line })
    return {
      file: image,
      name: label,
      split: atSplit === undefined ? undefined : splitOf(fields[atSplit]!, file, line),
    }
  })
  const classes = [...new Set(images.map(({ name }) => name))].sort(byName)
  const labels = images.map(({ name }) => classes.indexOf(name))
  const drawn = atSplit === undefined ? drawValidation(labels, classes, options) : []
  const files = images.map((image, index) => ({
    file: image.file,
    label: labels[index]!,
    split: image.split ?? drawn[index]!,
  }))
  const share = `A share of ${options.validShare} of every class validates, drawn by the number ${options.splitSeed}.`
  return { classes, files, notes: atSplit === undefined ? [share] : [] }
}

function byName(a: string, b: string): number {
  const whole = /^\d+$/
  if (whole.test(a) && whole.test(b)) return Number(a) - Number(b)
  return a < b ? -1 : 1
}

function findColumn(name: string, names: readonly string[], file: string, separator: string): number {
  const index = names.indexOf(name)
  if (index >= 0) return index
  return fail('E_DATASET_CORRUPT', {
    what: `The header of ${file} has no column "${name}".`,
    expected: `columns divided by a ${separator}, "${name}" among them.`,
    received: names.length === 0 ? 'an empty file.' : `${names.map((given) => `"${given}"`).join(', ')}.`,
    fix: `${suggest(name, names)} The options pathColumn, labelColumn, splitColumn and separator say how the file is read.`,
  })
}

/** A path below the folder of the file, with `/`. */
function cleanPath(given: string, file: string, line: number): string {
  const slashed = given.trim().replaceAll('\\', '/')
  const clean = path.posix.normalize(slashed)
  const leaves = path.posix.isAbsolute(clean) || /^[a-z]:/i.test(clean) || clean === '..' || clean.startsWith('../')
  if (slashed !== '' && !leaves && !clean.includes('\0')) return clean
  return fail('E_DATASET_CORRUPT', {
    what:
      slashed === ''
        ? `Line ${line} of ${file} names no image.`
        : `Line ${line} of ${file} names an image that is not below its folder.`,
    expected: 'a path below the folder of the file, such as photos/1.jpg.',
    received: `"${given}".`,
    fix: 'put the images below the folder of the file, and name them from there.',
  })
}

function splitOf(given: string, file: string, line: number): Split {
  const name = given.trim().toLowerCase()
  if (Object.hasOwn(splitNames, name)) return splitNames[name]!
  return refuseLine(file, line, `a split: ${Object.keys(splitNames).join(', ')}`, `"${given}"`)
}

interface Mention {
  readonly label: string
  readonly line: number
}

function refuseTwice(file: string, image: string, now: Mention, before: Mention): never {
  const lines = `Lines ${before.line} and ${now.line} of ${file} name the image ${image}`
  if (now.label === before.label) {
    fail('E_DATASET_CORRUPT', {
      what: `${lines} twice.`,
      expected: 'every image once.',
      received: `"${now.label}" both times.`,
      fix: 'remove one of the lines.',
    })
  }
  return fail('E_MULTI_LABEL', {
    what: `${lines} with two labels.`,
    expected: 'one label for every image: targets of several classes are not in this edition.',
    received: `"${before.label}" and "${now.label}".`,
    fix: 'keep the one label that matters, or make a class of the two together.',
  })
}

function refuseLine(file: string, line: number, expected: string, received: string): never {
  return fail('E_DATASET_CORRUPT', {
    what: `Line ${line} of ${file} does not fit.`,
    expected: `${expected}.`,
    received: `${received}.`,
    fix: 'correct the line, or the option that says how the file is read.',
  })
}
