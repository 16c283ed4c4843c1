import path from 'node:path'
import type { DatasetContext } from '@tricklab/core'

/** Folders and archives to search before anything is downloaded: `--data`, then `TRICKLAB_DATA`, separated as in `PATH`. */
export function dataFolders({ dataPaths }: Pick<DatasetContext, 'dataPaths'>, env = process.env): string[] {
  const fromEnv = (env.TRICKLAB_DATA ?? '').split(path.delimiter).filter((folder) => folder !== '')
  return [...new Set([...dataPaths, ...fromEnv].map((folder) => path.resolve(folder)))]
}

/** True where `TRICKLAB_OFFLINE` forbids to download. */
export const isOffline = (env = process.env): boolean =>
  (env.TRICKLAB_OFFLINE ?? '') !== '' && env.TRICKLAB_OFFLINE !== '0'
