import type { Json } from '@tricklab/core'
import { type RecordedOrigin, readOrigin } from '@tricklab/data'
import { type DataEffect, dataEffects } from '@tricklab/recipes'
import { formatValue } from '../format.ts'
import type { Manifest } from './types.ts'

/** Which data a record was made with, in the words of tables and reports. */
export interface RecordedData {
  /** A few words: `imagewoof2, 320 px`, `re-encoded 224 px photos, not the source's`. */
  readonly label: string
  /** Of photos that are not the source's, what they are: a verdict is `on` them. */
  readonly others?: string
  /** The same as a sentence. */
  readonly sentence?: string
  /** What is documented of training from such photos, with its source. */
  readonly effect?: string
}

/** What the manifest of a record says about its data. */
export function recordedData({ recipe, dataset }: Pick<Manifest, 'recipe' | 'dataset'>): RecordedData {
  const asked = (recipe as Asked | null)?.data
  const archive = asked?.dataset?.archive
  const origin = readOrigin(dataset.note, dataset.digest)
  if (origin?.wanted === undefined) {
    const size = archive === undefined ? '' : archive === 'full' ? ', original photos' : `, ${archive} px`
    return { label: `${dataset.name}${size}` }
  }
  const others = photosOf(origin)
  const effect = effectOf(origin, dataset.name, archive, asked?.train?.crop?.size)
  return {
    label: `${others}, not the source's`,
    others,
    sentence: `The verdict is about other photos than the source's: ${origin.what}. The recipe asks for ${origin.wanted}.`,
    ...(effect === undefined ? {} : { effect }),
  }
}

/** As much of a normalised recipe as the photos are about. */
interface Asked {
  readonly data?: {
    readonly dataset?: { readonly archive?: string }
    readonly train?: { readonly crop?: { readonly size?: Json } }
  }
}

function photosOf({ kind, shorterSide }: RecordedOrigin): string {
  if (kind === 'as given') return 'photos as given'
  return [kind, ...(shorterSide === undefined ? [] : [`${shorterSide} px`]), 'photos'].join(' ')
}

function effectOf(
  { shorterSide }: RecordedOrigin,
  dataset: string,
  archive: string | undefined,
  imageSize: Json | undefined,
): string | undefined {
  const wanted = archive === undefined || archive === 'full' ? Infinity : Number(archive)
  if (shorterSide === undefined || shorterSide >= wanted) return undefined
  const known = dataEffects.find((effect) => effect.datasets.includes(dataset) && effect.imageSize === imageSize)
  return known && describeEffect(known, shorterSide)
}

function describeEffect({ imageSize, shorterSide, measured, source }: DataEffect, here: number): string {
  const percent = (value: number) => formatValue({ style: 'percent' }, value)
  const costs = measured.map(({ epochs, original, shrunk, runs }) => {
    const points = (100 * (original - shrunk)).toFixed(1)
    return `${points} points after ${epochs} epochs (${percent(shrunk)} instead of ${percent(original)}, ${runs} runs)`
  })
  const doubt =
    here > shorterSide
      ? ` The photos here have ${here} px, so they lose less detail; how much accuracy that costs is not documented.`
      : ''
  return `At ${imageSize} px, training from photos that were shrunk to ${shorterSide} px before cost ${costs.join(' and ')}: ${source}.${doubt}`
}
