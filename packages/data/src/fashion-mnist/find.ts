import path from 'node:path'
import type { DatasetContext, Services } from '@tricklab/core'
import { cacheFolder } from '@tricklab/core/cache-folder'
import { type Place, searchPlaces } from '../archive/places.ts'
import { findFiles } from './folders.ts'
import type { FilePaths } from './load.ts'

export interface FindOptions {
  readonly dataPaths: readonly string[]
  /** The cache's folder of this dataset. */
  readonly cache: string
  readonly distribution: string
}

/** The places of this machine. */
export function findOptions(context: DatasetContext & Services): FindOptions {
  return {
    dataPaths: context.dataPaths,
    cache: path.join(cacheFolder(), 'fashion-mnist'),
    distribution: '/usr/share/datasets/fashion-mnist',
  }
}

/**
 * Finds the four files of FashionMNIST, fetching them into the cache where needed.
 * @errors E_DATASET_MISSING, E_CACHE_WRITE
 */
export async function findFashionMnist(options: FindOptions): Promise<FilePaths> {
  const folder = (name: string, at: string): Place<FilePaths> => ({ name: `${name} ${at}`, look: () => findFiles(at) })
  const places = [
    folder('the cache', options.cache),
    ...options.dataPaths.map((at) => folder('--data', at)),
    folder("the distribution's folder", options.distribution),
  ]
  const { found } = await searchPlaces('fashion-mnist', places, () => 'sudo apt-get install dataset-fashion-mnist')
  return found
}
