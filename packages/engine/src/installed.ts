/**
 * Engines of packages that the user's project depends on. A package says in its package.json which engines it defines, and
 * in which modules, so that they can be listed without being loaded:
 *
 *     "tricklab": { "engines": { "toy": "./dist/toy.js" } }
 *
 * The module's default export is what `defineEngine` returns.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail } from '@tricklab/core'
import { type EngineDriver, isEngine } from './driver.ts'

export interface InstalledEngine {
  readonly name: string
  readonly package: string
  /** The module that defines it. */
  readonly file: string
}

/** The engines of the project around a folder: its own, then those of its dependencies. Nothing of them is loaded. */
export function installedEngines(folder = process.cwd()): InstalledEngine[] {
  const project = findAbove(folder, 'package.json')
  if (project === undefined) return []
  const { dependencies, devDependencies, optionalDependencies } = project.manifest
  const names = [dependencies, devDependencies, optionalDependencies].flatMap((own) => Object.keys(own ?? {}))
  const found = [...new Set(names)].map((name) => findAbove(project.folder, `node_modules/${name}/package.json`))
  return [project, ...found].flatMap((one) => (one === undefined ? [] : enginesOf(one)))
}

/**
 * Loads an installed engine.
 * @errors E_ENGINE_DEFINITION where its module does not load or defines another engine
 */
export async function loadEngine({ name, package: from, file }: InstalledEngine): Promise<EngineDriver> {
  const loaded = await import(pathToFileURL(file).href).catch((cause: Error) =>
    fail('E_ENGINE_DEFINITION', {
      what: `The engine ${name} of ${from} does not load: ${cause.message.replace(/\.$/, '')}.`,
      fix: `repair or remove ${from}.`,
      cause,
    }),
  )
  const { default: engine } = loaded as { default?: unknown }
  if (isEngine(engine) && engine.name === name) return engine
  fail('E_ENGINE_DEFINITION', {
    what: `${from} says that it has the engine ${name}, but its module does not define it.`,
    expected: `a default export defineEngine({ name: '${name}', … }) in ${file}.`,
    received: isEngine(engine) ? `the engine ${engine.name}.` : `${typeof engine}.`,
    fix: `repair or remove ${from}.`,
  })
}

interface Manifest {
  readonly name?: string
  readonly dependencies?: object
  readonly devDependencies?: object
  readonly optionalDependencies?: object
  readonly tricklab?: { readonly engines?: Readonly<Record<string, string>> }
}

interface Package {
  readonly folder: string
  readonly manifest: Manifest
}

/** The nearest file of this name in a folder or above it. */
function findAbove(folder: string, file: string): Package | undefined {
  const own = path.join(folder, file)
  try {
    return { folder: path.dirname(own), manifest: JSON.parse(readFileSync(own, 'utf8')) as Manifest }
  } catch {
    const above = path.dirname(folder)
    return above === folder ? undefined : findAbove(above, file)
  }
}

function enginesOf({ folder, manifest: { name = folder, tricklab } }: Package): InstalledEngine[] {
  return Object.entries(tricklab?.engines ?? {}).map(([engine, file]) => ({
    name: engine,
    package: name,
    file: path.resolve(folder, file),
  }))
}
