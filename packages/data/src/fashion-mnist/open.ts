import path from 'node:path'
import type { Dataset, DatasetContext, Services } from '@tricklab/core'
import { findFashionMnist, findOptions } from './find.ts'
import { loadFashionMnist } from './load.ts'

/**
 * Finds or fetches FashionMNIST and reads it into memory.
 * @errors E_DATASET_MISSING, E_DATASET_CORRUPT, E_CACHE_WRITE, E_INTERRUPTED
 */
export async function openFashionMnist(context: DatasetContext & Services): Promise<Dataset> {
  const options = findOptions(context)
  const paths = await findFashionMnist(options)
  return loadFashionMnist(paths, (file) =>
    path.dirname(file) === options.cache
      ? `rm "${file}" and run again: it is fetched anew.`
      : 'put the published file in its place, or take its folder out of --data.',
  )
}
