import { spawnSync } from 'node:child_process'

/** A Python that has a package; undefined where `TRICKLAB_PYTHON`, or `python3`, has none. */
export function pythonWith(name: string): string | undefined {
  const python = process.env.TRICKLAB_PYTHON ?? 'python3'
  const { status } = spawnSync(python, [
    '-c',
    `import importlib.util, sys; sys.exit(importlib.util.find_spec('${name}') is None)`,
  ])
  return status === 0 ? python : undefined
}

/** For the title of tests that need it. */
export const reasonWithout = (name: string): string =>
  ` (skipped: no Python with ${name}; pip install ${name}, and name that Python in TRICKLAB_PYTHON)`
