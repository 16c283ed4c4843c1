import type { Json } from '../json.ts'
import type { Nested } from '../nested.ts'
import type { AnyRegistration, Use } from '../plugin/define.ts'
import type { NormalUse } from '../plugin/registry.ts'
import { componentField } from './component-fields.ts'
import {
  type BaseOf,
  type ChangeOf,
  type Field,
  type Fields,
  type NormalOf,
  type Place,
  type Plain,
  type Registered,
  readFields,
  type StageOf,
  type Written,
  written,
} from './field.ts'
import { checkKeys, isObject, type JsonObject, missing } from './problems.ts'

/** Where pixel statistics come from. Pixels are in [0, 1] before it. */
export type Normalize =
  | { readonly kind: 'none' }
  /** One mean and standard deviation for all channels, from this many training images drawn by the seed. */
  | { readonly kind: 'sample-scalar'; readonly images: number }
  /** Given values, one a channel. */
  | { readonly kind: 'fixed'; readonly mean: readonly number[]; readonly std: readonly number[] }
  /** Mean .485 .456 .406 and standard deviation .229 .224 .225 of red, green and blue. */
  | { readonly kind: 'imagenet' }

/** What training sees of photos. */
export interface TrainCrops<R extends AnyRegistration> {
  readonly crop: Use<R, 'crop'>
  readonly augment?: Nested<Use<R, 'augmentation'>>
}
/** What validation sees of photos. */
export interface ValidCrops<R extends AnyRegistration> {
  readonly crop: Use<R, 'crop'>
}
export interface WrittenTrain extends Written {
  readonly base: TrainCrops<Registered<this>>
  readonly change: TrainCrops<Registered<this>>
  readonly stage: TrainCrops<Registered<this>>
}
export interface WrittenValid extends Written {
  readonly base: ValidCrops<Registered<this>>
  readonly change: ValidCrops<Registered<this>>
  readonly stage: ValidCrops<Registered<this>>
}

/** What a recipe says of its images. */
export const dataFields = {
  dataset: componentField('dataset', { optional: false, stage: 'never' }),
  /**
   * The region that training sees, and what happens to whole batches of them. Photos need it; ready-made images stay as
   * they are without.
   */
  train: {
    written: written<WrittenTrain>(),
    optional: true,
    stage: 'may',
    read(value, at): { readonly crop: NormalUse; readonly augment: readonly NormalUse[] } | undefined {
      const given = cropsOf(value, at, ['crop', 'augment'])
      if (given === undefined) return undefined
      const { crop, augment } = given
      return {
        crop: at.component('crop', crop),
        augment: at.components('augmentation', augment, 'data.train.augment'),
      }
    },
  },
  /** The region that validation sees, in the size of training or another. */
  valid: {
    written: written<WrittenValid>(),
    optional: true,
    stage: 'may',
    read(value, at): { readonly crop: NormalUse } | undefined {
      const given = cropsOf(value, at, ['crop'])
      return given && { crop: at.component('crop', given.crop) }
    },
  },
  /** Which training samples an epoch visits, how often, and in which order. Default: every sample once. */
  sampler: componentField('sampler', { optional: true, stage: 'may' }),
  normalize: { written: written<Plain<Normalize>>(), optional: false, stage: 'may', read: readNormalize },
  /** A new order each epoch, keyed by seed and epoch. */
  shuffle: { written: written<Plain<boolean>>(), optional: false, stage: 'may', read: readFlag },
  /** Leave out a last training batch that is not full. */
  dropLast: { written: written<Plain<boolean>>(), optional: false, stage: 'may', read: readFlag },
  /**
   * `fresh-random` draws the validation images for every seed, and anew for a stage with other data than the one before,
   * out of all images of the dataset: what fastai does where a source names no splitter. A later stage then validates
   * with images that an earlier one has trained on. Default `official`, the dataset's own.
   */
  split: {
    written: written<Plain<'official' | 'fresh-random'>>(),
    optional: true,
    stage: 'never',
    /** The dataset's own is in no hash. */
    read(value = 'official', { refuse }): 'fresh-random' | undefined {
      if (value !== 'official' && value !== 'fresh-random') refuse("'official' or 'fresh-random'")
      return value === 'fresh-random' ? value : undefined
    },
  },
  /** Share of the images that a random split validates with. Default 0.2, and only with `fresh-random`. */
  validFraction: {
    written: written<Plain<number>>(),
    optional: true,
    stage: 'never',
    read(value, { whole, refuse }): number | undefined {
      if (whole.split !== 'fresh-random') {
        if (value !== undefined) {
          refuse("nothing unless split is 'fresh-random': the dataset's own split has its own share")
        }
        return undefined
      }
      const share = value ?? 0.2
      if (typeof share === 'number' && share > 0 && share < 1) return share
      refuse('a number between 0 and 1')
      return undefined
    },
  },
} satisfies Fields

/** What a table's base says of its images. */
export interface DataSpec<R extends AnyRegistration> extends BaseOf<typeof dataFields, R> {}
/** What a stage may change of its images. */
export interface DataStageSpec<R extends AnyRegistration> extends StageOf<typeof dataFields, R> {}
/** What a normalised recipe says of its images. `train` and `valid` are both there, or neither. */
export interface NormalData extends NormalOf<typeof dataFields> {}

export interface WrittenData extends Written {
  readonly base: DataSpec<Registered<this>>
  readonly change: ChangeOf<typeof dataFields, Registered<this>>
  readonly stage: DataStageSpec<Registered<this>>
}

/** The field `data` of a recipe. */
export const dataField = {
  written: written<WrittenData>(),
  optional: false,
  stage: 'may',
  fields: dataFields,
  read: (value: Json | undefined, at: Place): NormalData =>
    readFields(dataFields, isObject(value) ? value : {}, `${at.row} data`, at),
} satisfies Field

/** The crops of one split. Datasets of ready-made images have none, and their recipes keep their hashes. */
function cropsOf(value: Json | undefined, at: Place, keys: readonly string[]): JsonObject | undefined {
  const { whole, where, key, problems, refuse } = at
  if (whole.train === undefined && whole.valid === undefined) return undefined
  if (isObject(value)) {
    checkKeys(value, keys, `${where}.${key}`, problems)
    return value
  }
  refuse(value === undefined ? '{ crop: … }, for the other split has one' : '{ crop: … }')
  return undefined
}

function readFlag(value: Json | undefined, { refuse }: Place): boolean {
  if (typeof value !== 'boolean') refuse('true or false')
  return value === true
}

const normalizeForms = {
  none: [],
  'sample-scalar': ['images'],
  fixed: ['mean', 'std'],
  imagenet: [],
} as const satisfies { [K in Normalize['kind']]: readonly string[] }

function readNormalize(value: Json | undefined, { row, problems, refuse }: Place): Normalize {
  const place = `${row} data.normalize`
  const kind = isObject(value) ? value.kind : undefined
  if (!isObject(value) || typeof kind !== 'string' || !Object.hasOwn(normalizeForms, kind)) {
    refuse(`{ kind: ${Object.keys(normalizeForms).join(' | ')} }`)
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
  return value as JsonObject & Normalize
}
