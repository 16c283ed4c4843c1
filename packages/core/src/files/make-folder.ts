import { existsSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` never returns where a file system refuses new
 * folders by saying that the one above is missing, as /proc and /sys do.
 */
export function makeFolder(folder: string): void {
  const absolute = path.resolve(folder)
  try {
    mkdirSync(absolute)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (existsSync(absolute) && statSync(absolute).isDirectory()) return
    const above = path.dirname(absolute)
    if (code !== 'ENOENT' || existsSync(above)) throw error
    makeFolder(above)
    mkdirSync(absolute)
  }
}
