import type { Problem } from '../errors/index.ts'
import type { Json } from '../json.ts'
import type { NormalUse } from '../plugin/registry.ts'
import type { ComponentReader } from './components.ts'
import type { Normalize } from './define.ts'
import { checkKeys, isObject, type JsonObject, missing } from './problems.ts'

/** What a normalised recipe says of its images. */
export interface NormalData {
  readonly dataset: NormalUse
  /** Both present or both absent. */
  readonly train?: { readonly crop: NormalUse; readonly augment: readonly NormalUse[] }
  readonly valid?: { readonly crop: NormalUse }
  readonly normalize: Normalize
  readonly shuffle: boolean
  readonly dropLast: boolean
  /** Absent: the dataset's own split. */
  readonly split?: 'fresh-random'
  /** Share of all images that a random split validates with. */
  readonly validFraction?: number
}

const dataKeys = 'dataset train valid normalize shuffle dropLast split validFraction'.split(' ')

/** Fills in what a recipe leaves out of `data`; adds what is wrong to `problems`. */
export function normalizeData(data: JsonObject, read: ComponentReader, where: string, problems: Problem[]): NormalData {
  checkKeys(data, dataKeys, `${where} data`, problems)
  const flag = (key: 'shuffle' | 'dropLast'): boolean => {
    if (typeof data[key] !== 'boolean') problems.push(missing(`${where} data`, key, 'true or false', data[key]))
    return data[key] === true
  }
  return {
    dataset: read.component('dataset', data.dataset),
    ...normalizeCrops(data, read, where, problems),
    normalize: normalizeNormalize(data.normalize, where, problems),
    shuffle: flag('shuffle'),
    dropLast: flag('dropLast'),
    ...normalizeSplit(data, where, problems),
  }
}

/** The crops of photos. Datasets of ready-made images have none, and their recipes keep their hashes. */
function normalizeCrops(
  { train, valid }: JsonObject,
  { component, components }: ComponentReader,
  where: string,
  problems: Problem[],
): Pick<NormalData, 'train' | 'valid'> {
  if (train === undefined && valid === undefined) return {}
  if (!isObject(train) || !isObject(valid)) {
    const [key, value] = isObject(train) ? (['valid', valid] as const) : (['train', train] as const)
    problems.push(missing(`${where} data`, key, '{ crop: … }, for the other split has one', value))
    return {}
  }
  checkKeys(train, ['crop', 'augment'], `${where} data.train`, problems)
  checkKeys(valid, ['crop'], `${where} data.valid`, problems)
  return {
    train: { crop: component('crop', train.crop), augment: components('augmentation', train.augment) },
    valid: { crop: component('crop', valid.crop) },
  }
}

/** Left out where it is the dataset's own. */
function normalizeSplit(data: JsonObject, where: string, problems: Problem[]): Pick<NormalData, SplitKey> {
  const { split = 'official', validFraction = split === 'fresh-random' ? 0.2 : undefined } = data
  if (split !== 'official' && split !== 'fresh-random') {
    problems.push(missing(`${where} data`, 'split', "'official' or 'fresh-random'", split))
  }
  if (split !== 'fresh-random' && validFraction !== undefined) {
    const expected = "nothing unless split is 'fresh-random': the dataset's own split has its own share"
    problems.push(missing(`${where} data`, 'validFraction', expected, validFraction))
  }
  if (split !== 'fresh-random') return {}
  if (typeof validFraction === 'number' && validFraction > 0 && validFraction < 1) return { split, validFraction }
  problems.push(missing(`${where} data`, 'validFraction', 'a number between 0 and 1', validFraction))
  return {}
}
type SplitKey = 'split' | 'validFraction'

const normalizeForms = {
  none: [],
  'sample-scalar': ['images'],
  fixed: ['mean', 'std'],
  imagenet: [],
} as const satisfies { [K in Normalize['kind']]: readonly string[] }

function normalizeNormalize(value: Json | undefined, where: string, problems: Problem[]): Normalize {
  const place = `${where} data.normalize`
  const kind = isObject(value) ? value.kind : undefined
  if (!isObject(value) || typeof kind !== 'string' || !Object.hasOwn(normalizeForms, kind)) {
    problems.push(missing(`${where} data`, 'normalize', `{ kind: ${Object.keys(normalizeForms).join(' | ')} }`, value))
    return { kind: 'none' }
  }
  checkKeys(value, ['kind', ...normalizeForms[kind as Normalize['kind']]], place, problems)
  const numbers = (entry: Json | undefined) => Array.isArray(entry) && entry.every((item) => Number.isFinite(item))
  if (kind === 'sample-scalar' && !(Number.isInteger(value.images) && (value.images as number) > 0)) {
    problems.push(missing(place, 'images', 'a whole number from 1', value.images))
  }
  if (kind === 'fixed') {
    for (const key of ['mean', 'std']) {
      if (!numbers(value[key])) problems.push(missing(place, key, 'a list of numbers, one a channel', value[key]))
    }
  }
  return value as unknown as Normalize
}
