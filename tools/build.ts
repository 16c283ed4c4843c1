/**
 * Builds every public package: JavaScript and declarations from `src` into its `dist`, beside what lies there already
 * (compiled kernels, the native addon). Run by `pnpm build`.
 *
 * One compiler run serves all packages: it knows each other's types from their sources, so there is no order of builds
 * and nothing that could be stale.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Manifest, publicPackages, workspaceRoot } from './publish/packages.ts'

/** Sources that run as they are, in another language. */
const assets = /\.py$/
const testOnly = /(^|\/)(golden|kernels)\//

/** Builds the packages of a workspace; returns the folders of the packages. Throws what the compiler has to say. */
export function build(root = workspaceRoot): string[] {
  const cache = path.join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const out = mkdtempSync(path.join(cache, 'tricklab-build-'))
  try {
    run(root, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', out])
    const packages = publicPackages(root)
    const versions = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]))
    for (const { folder, manifest } of packages) {
      const compiled = path.join(out, folder, 'src')
      const published = publishedManifest(manifest, versions)
      for (const file of listFiles(compiled)) finish(path.join(compiled, file), published)
      const dist = path.join(root, folder, 'dist')
      removeEarlier(dist)
      cpSync(compiled, dist, { recursive: true })
      copyAssets(path.join(root, folder, 'src'), dist)
      const kernels = path.join(root, folder, 'scripts/build-kernels.mjs')
      if (existsSync(kernels)) run(path.join(root, folder), [kernels])
    }
    return packages.map(({ folder }) => folder)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

function run(cwd: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args[0]} ended with exit code ${status}:\n${stdout}${stderr}`)
}

/** What the compiler leaves to us. */
function finish(file: string, manifest: Manifest): void {
  const text = readFileSync(file, 'utf8')
  const finished = file.endsWith('.d.ts') ? finishDeclarations(text) : inlineManifest(text, manifest)
  if (finished !== text) writeFileSync(file, finished)
}

/** The compiler rewrites relative imports of JavaScript alone; declarations would go on naming sources. */
export function finishDeclarations(text: string): string {
  return text.replace(/((?:from |import |import\()["']\.{1,2}\/[^"']*)\.ts(["'])/g, '$1.js$2')
}

/**
 * A package reads its version and its core range from its manifest. Node 20 prints a warning at every JSON module, and
 * not every bundler knows them: the published code has the fields that it uses as a constant.
 */
export function inlineManifest(text: string, manifest: Manifest): string {
  const statement = /^import (\w+) from ["'](?:\.\.\/)+package\.json["'] with \{ type: ["']json["'] \};$/m
  const name = statement.exec(text)?.[1]
  if (name === undefined) return text
  const fields = new Set([...text.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'))].map((match) => match[1]!))
  const constant = JSON.stringify(Object.fromEntries([...fields].sort().map((field) => [field, manifest[field]])))
  return text.replace(statement, () => `const ${name} = ${constant};`)
}

/** Ranges of neighbours in the workspace as publishing writes them: `workspace:^` becomes `^1.2.3`. */
export function publishedManifest(manifest: Manifest, versions: ReadonlyMap<string, string>): Manifest {
  const resolve = (ranges: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(ranges).map(([name, range]) => [
        name,
        range.replace(/^workspace:([\^~]?)\*?$/, (_, sign: string) => `${sign}${versions.get(name)}`),
      ]),
    )
  const fields = ['dependencies', 'devDependencies', 'peerDependencies'] as const
  return {
    ...manifest,
    ...Object.fromEntries(
      fields.flatMap((field) => (manifest[field] === undefined ? [] : [[field, resolve(manifest[field])]])),
    ),
  }
}

/** Code of an earlier build whose source may be gone; everything else in the folder stays. */
function removeEarlier(dist: string): void {
  for (const file of existsSync(dist) ? listFiles(dist) : []) {
    if (/\.(js|d\.ts|py)$/.test(file)) rmSync(path.join(dist, file))
  }
}

function copyAssets(sources: string, dist: string): void {
  for (const file of listFiles(sources)) {
    if (assets.test(file) && !testOnly.test(file)) cpSync(path.join(sources, file), path.join(dist, file))
  }
}

/** Files below a folder, by their path from there, with slashes. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const begin = performance.now()
  try {
    const folders = build()
    process.stderr.write(`${folders.length} packages built in ${((performance.now() - begin) / 1000).toFixed(1)} s.\n`)
  } catch (error) {
    process.stderr.write(`✖ ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
