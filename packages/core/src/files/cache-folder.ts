import os from 'node:os'
import path from 'node:path'

/**
 * The folder for what can be fetched or built again: datasets, engine binaries. It is not created here.
 *
 * `TRICKLAB_CACHE` when set; else `tricklab` under `XDG_CACHE_HOME`, under macOS's `~/Library/Caches`, under Windows'
 * `LOCALAPPDATA`, or under `~/.cache`.
 */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = environment.TRICKLAB_CACHE
  if (chosen) return path.resolve(chosen)
  // The XDG rules say that a relative path is invalid and to be ignored.
  const xdg = environment.XDG_CACHE_HOME
  if (xdg && path.isAbsolute(xdg)) return path.join(xdg, 'tricklab')
  if (platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches', 'tricklab')
  if (platform === 'win32' && environment.LOCALAPPDATA) return path.join(environment.LOCALAPPDATA, 'tricklab')
  return path.join(os.homedir(), '.cache', 'tricklab')
}
