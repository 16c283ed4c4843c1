/**
 * Checks that imports point one way: downwards in `layers`, and that a few doors are the only way to what lies behind
 * them. Run by `pnpm check`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The rooms from top to bottom; a room may import only rooms below it. Plugins share one level and never meet. */
const layers = [
  'docs',
  'packages/cli',
  'repro',
  'recipes',
  'plugins',
  'packages/create-plugin',
  'packages/testing',
  'packages/train',
  'packages/trackers',
  'packages/data',
  'packages/nn',
  'packages/optim',
  'packages/engine',
  'packages/engine-native',
  'packages/core',
]

/** Packages that may be imported only from the places named. */
const doors: readonly { readonly packages: RegExp; readonly allowed: RegExp; readonly why: string }[] = [
  {
    packages: /^tsyringe$|^reflect-metadata$/,
    allowed: /^packages\/core\/src\/plugin\//,
    why: 'only core/plugin knows tsyringe',
  },
  { packages: /^seedrandom$/, allowed: /^packages\/core\/src\/rng\//, why: 'only core/rng makes randomness' },
  {
    packages: /^@tensorflow\/tfjs-(core|layers)/,
    allowed: /^packages\/core\/src\/tf\.ts$|^packages\/engine/,
    why: 'TensorFlow.js is imported through @tricklab/core/tf',
  },
  {
    packages: /^@tensorflow\/tfjs-(backend|node)|^webgpu$/,
    allowed: /^packages\/engine/,
    why: 'only engines import a backend',
  },
]

/** Sources whose rooms, folders and single files, must not import each other in a circle, tests apart. */
const acyclic = ['repro/src', 'packages/train/src']

/** Node never returns from it where a file system such as /proc refuses new folders. */
const recursiveFolders = /\bmkdir(Sync)?\([^;]*?recursive: true/

/** Randomness that no key controls. */
const forbiddenCalls = /\bMath\.random\(|\btf\.(random\w+|truncatedNormal|multinomial|dropout)\(/

const importPattern =
  /(?:^|[\s;])(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm

export interface Source {
  readonly file: string
  readonly text: string
}

/** Every violation, as `file: sentence`. */
export function checkArrows(sources: readonly Source[]): string[] {
  return sources.flatMap(({ file, text }) => [
    ...importsOf(text).flatMap((specifier) => checkImport(file, specifier)),
    ...(recursiveFolders.test(text) && /\/src\//.test(file) && !/^docs\/|\.test\.ts$/.test(file)
      ? [`${file}: the file makes folders with Node's own recursive; makeFolder of core/files returns in any case.`]
      : []),
    ...(forbiddenCalls.test(text) && !file.startsWith('tools/')
      ? [`${file}: the file draws random numbers; only core/rng may do so.`]
      : []),
  ])
}

/** Circles between the rooms of the packages that must have none, each once, as `a → b → a`. */
export function findCircles(sources: readonly Source[]): string[] {
  return acyclic.flatMap((base) => {
    const targets = new Map<string, Set<string>>()
    for (const { file, text } of sources) {
      if (!file.startsWith(`${base}/`) || file.endsWith('.test.ts')) continue
      const from = partOf(base, file)
      const own = importsOf(text).filter((specifier) => specifier.startsWith('.'))
      const reached = own.map((specifier) => partOf(base, path.posix.join(path.posix.dirname(file), specifier)))
      targets.set(from, new Set([...(targets.get(from) ?? []), ...reached.filter((part) => part !== from)]))
    }
    return circlesIn(targets).map((circle) => `${base}: ${circle.join(' → ')} is a circle.`)
  })
}

/** The folder of `base` that a file lies in, or the file itself. */
const partOf = (base: string, file: string): string => file.slice(base.length + 1).split('/')[0]!

function circlesIn(targets: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const done = new Set<string>()
  const circles: string[][] = []
  const visit = (part: string, above: readonly string[]): void => {
    if (above.includes(part)) circles.push([...above.slice(above.indexOf(part)), part])
    if (above.includes(part) || done.has(part)) return
    for (const target of targets.get(part) ?? []) visit(target, [...above, part])
    done.add(part)
  }
  for (const part of targets.keys()) visit(part, [])
  return circles
}

export function importsOf(text: string): string[] {
  return [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function checkImport(file: string, specifier: string): string[] {
  const isTest = /\.test\.ts$|\/test\//.test(file)
  const room = roomOf(file)
  if (specifier.startsWith('.')) {
    const target = roomOf(path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)))
    return target === room
      ? []
      : [`${file}: a relative path leads into ${target ?? specifier}; import the package instead.`]
  }
  if (specifier.startsWith('@tricklab/')) {
    const target = roomOfPackage(specifier)
    if (target === undefined || target === room) return []
    // Tests may use the test kit and prepare an engine wherever they stand.
    if (isTest && (target === 'packages/testing' || target === 'packages/engine')) return []
    return below(room, target)
      ? []
      : [`${file}: ${room} must not import ${target}; a folder imports only from folders below it.`]
  }
  return doors
    .filter(({ packages, allowed }) => packages.test(specifier) && !allowed.test(file))
    .map(({ why }) => `${file}: the file imports ${specifier}; ${why}.`)
}

function below(room: string | undefined, target: string): boolean {
  const level = (name: string | undefined) => layers.indexOf(name?.startsWith('plugins/') ? 'plugins' : (name ?? ''))
  return level(room) < level(target) && level(target) >= 0
}

/** `packages/core`, `plugins/mixup`, `repro` … */
function roomOf(file: string): string | undefined {
  return /^(packages\/[^/]+|plugins\/[^/]+|repro|recipes|docs|tools)\//.exec(file)?.[1]
}

function roomOfPackage(specifier: string): string | undefined {
  const name = specifier.split('/')[1]!
  if (name === 'repro' || name === 'recipes') return name
  return name.startsWith('plugin-') ? `plugins/${name.slice('plugin-'.length)}` : `packages/${name}`
}

/** TypeScript files below `src` and `test` folders; links are not followed. */
function listSources(base: string, folder: string): string[] {
  return readdirSync(path.join(base, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`
    if (entry.isDirectory())
      return entry.name === 'node_modules' || entry.name === 'dist' ? [] : listSources(base, file)
    return entry.isFile() && /\/(src|test)\/.*\.ts$/.test(file) ? [file] : []
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
  const files = ['packages', 'plugins', 'repro', 'recipes', 'docs']
    .flatMap((room) => listSources(root, room))
    // AssemblyScript sources are no TypeScript modules of ours.
    .filter((file) => !file.startsWith('packages/engine/src/wasm/kernels/'))
  const sources = files.map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))
  const problems = [...checkArrows(sources), ...findCircles(sources)]
  for (const problem of problems) process.stderr.write(`✖ ${problem}\n`)
  process.stderr.write(`${files.length} files were checked; ${problems.length} imports are wrong.\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
