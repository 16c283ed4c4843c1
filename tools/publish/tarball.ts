/** What a published tarball must hold, and must not. */
import { readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { checkPackage, createPackageFromTarballData, type Package } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { importsOf } from '../check-arrows.ts'
import type { Manifest } from './packages.ts'

/** Files that a package may hold beside code, declarations and pages. */
const extras: Readonly<Record<string, RegExp>> = {
  '@tricklab/cli': /^dist\/bench\/[\w-]+\.py$|^templates\/project\/[\w.-]+$/,
  '@tricklab/create-plugin': /^templates\//,
  '@tricklab/data': /^dist\/kernels\.wasm$/,
  '@tricklab/engine': /^dist\/kernels\/(simd|relaxed)\.wasm$/,
  '@tricklab/engine-native':
    /^native\/[\w/]+\.(cc|h)$|^native\/[\w/-]+\.(cc|h)$|^scripts\/(build\.mjs|cpu\.mjs|cpu\.d\.mts)$/,
  '@tricklab/repro': /^records\/[\w-]+\/([\w-]+\/)?[\w-]+\.jsonl?$/,
}
const usual = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+\.js|dist\/.+\.d\.ts)$/
const unwanted = /(^|\/)(test|tests|fixtures|golden|__\w+__)\/|\.test\.|\.map$|\.tsbuildinfo$/

/** Kibibytes of a tarball; one that is larger holds something that was not meant. */
const limits: Readonly<Record<string, number>> = { '@tricklab/repro': 1024, '@tricklab/engine-native': 256 }
const usualLimit = 128

/** Everything wrong with a tarball, as sentences. */
export async function checkTarball(file: string): Promise<string[]> {
  const bytes = new Uint8Array(readFileSync(file))
  const contents = createPackageFromTarballData(bytes)
  const prefix = `/node_modules/${contents.packageName}/`
  const files = contents.listFiles().map((name) => name.slice(prefix.length))
  const read = (name: string) => contents.readFile(`${prefix}${name}`)
  const manifest = JSON.parse(read('package.json')) as Manifest
  return [
    ...checkSize(manifest, file),
    ...checkFiles(manifest, files),
    ...checkManifest(manifest),
    ...checkImports(manifest, files, read),
    ...(await lint(bytes)),
    ...(await checkTypes(contents)),
  ]
}

function checkSize({ name }: Manifest, file: string): string[] {
  const size = Math.ceil(statSync(file).size / 1024)
  const limit = limits[name] ?? usualLimit
  return size <= limit ? [] : [`the tarball has ${size} KiB, more than ${limit}.`]
}

export function checkFiles({ name }: Pick<Manifest, 'name'>, files: readonly string[]): string[] {
  const isTemplate = (file: string) => name === '@tricklab/create-plugin' && file.startsWith('templates/')
  const strange = files.filter((file) => !usual.test(file) && extras[name]?.test(file) !== true)
  const tests = files.filter((file) => unwanted.test(file) && !isTemplate(file))
  const missing = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'].filter(
    (file) => !files.includes(file),
  )
  return [
    ...[...new Set([...strange, ...tests])].map((file) => `${file} should not be published.`),
    ...missing.map((file) => `${file} is missing.`),
  ]
}

function checkManifest(manifest: Manifest): string[] {
  const { dependencies = {}, peerDependencies = {} } = manifest
  const local = Object.entries({ ...dependencies, ...peerDependencies }).filter(([, range]) => /^\w+:/.test(range))
  const wanted = ['description', 'keywords', 'license', 'engines', 'type'].filter(
    (field) => manifest[field] === undefined,
  )
  const isPlugin = manifest.name.startsWith('@tricklab/plugin-')
  const keywords = (manifest.keywords ?? []) as readonly string[]
  return [
    ...local.map(([name, range]) => `package.json: the dependency ${name} has the local range ${range}.`),
    ...wanted.map((field) => `package.json: ${field} is missing.`),
    ...(isPlugin && !keywords.includes('tricklab-plugin')
      ? ['package.json: the keyword tricklab-plugin is missing.']
      : []),
  ]
}

/** Every import leads to a file of the tarball, to a package that the manifest names, or to Node. */
function checkImports(manifest: Manifest, files: readonly string[], read: (name: string) => string): string[] {
  const asked = new Set([
    manifest.name,
    ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    ...builtinModules,
  ])
  const problems: string[] = []
  for (const file of files.filter((name) => /^dist\/.*\.(js|d\.ts)$/.test(name))) {
    const text = read(file)
    const entries = [...text.matchAll(/new URL\(['"](\.[^'"]+)['"], import\.meta\.url\)/g)].map((match) => match[1]!)
    for (const specifier of [...importsOf(text), ...entries]) {
      if (specifier.startsWith('.')) {
        const target = path.posix.join(path.posix.dirname(file), specifier)
        const found = file.endsWith('.d.ts') ? [target.replace(/\.(m?)js$/, '.d.$1ts'), target] : [target]
        const holds = (name: string) =>
          name.endsWith('/') ? files.some((held) => held.startsWith(name)) : files.includes(name)
        if (!found.some(holds)) problems.push(`${file}: ${specifier} is not in the tarball.`)
      } else {
        const name = specifier.replace(/^node:/, '').match(/^(@[^/]+\/[^/]+|[^/]+)/)![1]!
        if (!specifier.startsWith('node:') && !asked.has(name)) problems.push(`${file}: ${name} is not a dependency.`)
      }
    }
  }
  return problems
}

async function lint(bytes: Uint8Array): Promise<string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: bytes.slice().buffer }, strict: true })
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`)
}

/** For ES modules alone: resolution as CommonJS and by the rules of Node 10 is not promised. */
async function checkTypes(contents: Package): Promise<string[]> {
  const result = await checkPackage(contents)
  if (!result.types) return ['the package has no types.']
  return result.problems
    .filter((problem) => !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind))
    .map((problem) => `are the types wrong: ${JSON.stringify(problem)}`)
}
