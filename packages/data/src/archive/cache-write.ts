import { fail, TricklabError } from '@tricklab/core'

/**
 * Runs a file operation in the cache; what the file system refuses becomes one error of ours.
 * @errors E_CACHE_WRITE
 */
export async function inCache<T>(folder: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (cause) {
    if (cause instanceof TricklabError || !isFileError(cause)) throw cause
    return fail('E_CACHE_WRITE', {
      what: `The cache folder ${folder} cannot be written.`,
      expected: 'a folder that this user may write to, with room for the dataset.',
      received: `${cause.message}.`,
      fix: 'set TRICKLAB_CACHE to such a folder, or pass the dataset with --data FOLDER.',
      cause,
    })
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
