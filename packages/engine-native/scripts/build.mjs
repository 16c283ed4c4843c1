/**
 * Compiles native/**\/*.cc into dist/engine.node. Run at install and by hand:
 *
 *   node scripts/build.mjs [--strict] [--asan] [--out DIR] [--skip PATTERN]…
 *
 * `--strict` makes warnings errors, `--asan` builds with AddressSanitizer (into dist/asan), `--skip` leaves out sources
 * whose path contains the pattern. Nothing is downloaded: the headers of Node-API come from npm packages.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeCpu } from './cpu.mjs'

/** What a person can act upon: said in one line, without a stack. */
class BuildError extends Error {}

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const options = parse(process.argv.slice(2))
const atInstall = process.env.npm_lifecycle_event === 'install'
const native = path.join(root, 'native')
const out = path.resolve(root, options.out ?? process.env.TRICKLAB_NATIVE_DIST ?? (options.asan ? 'dist/asan' : 'dist'))

try {
  await main()
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.log(`@tricklab/engine-native: not built: ${error.message}`)
  // Everything but this engine works without it, so an installation must not fail for it.
  if (!atInstall) process.exitCode = 1
}

async function main() {
  if (atInstall && hasPrebuilt()) return
  const compiler = findCompiler()
  const onednn = hasOnednn(compiler)
  const flags = compileFlags(compiler, onednn)
  const sources = listSources(native).filter((file) => !options.skip.some((pattern) => file.includes(pattern)))
  const key = createHash('sha256')
    .update(JSON.stringify([compiler.path, compiler.version, flags, describeCpu()]))
    .digest('hex')
    .slice(0, 12)
  const objects = path.join(out, 'obj', key)
  const jobs = sources.map((source) => ({
    source: path.join(native, source),
    object: path.join(objects, source.replace(/\.cc$/, '.o')),
  }))
  const stale = jobs.filter(isStale)
  const target = path.join(out, 'engine.node')
  const provider = path.join(out, 'onednn.provider')
  const record = describeBuild(compiler, flags, onednn, sources)
  if (stale.length === 0 && [target, ...(onednn ? [provider] : [])].every(fs.existsSync) && sameRecord(record)) return
  const begin = Date.now()
  await runAll(stale, (job) => compile(compiler, flags, job))
  // oneDNN stays outside the addon, which then loads on machines without it too.
  const isProvider = ({ source }) => path.basename(source) === 'onednn.cc'
  const objectsOf = (chosen) => chosen.map(({ object }) => object)
  link(compiler, objectsOf(jobs.filter((job) => !isProvider(job))), ['-ldl'], target)
  if (onednn) link(compiler, objectsOf(jobs.filter(isProvider)), ['-ldnnl'], provider)
  else fs.rmSync(provider, { force: true })
  fs.writeFileSync(path.join(out, 'build.json'), `${JSON.stringify(record, null, 2)}\n`)
  const seconds = ((Date.now() - begin) / 1000).toFixed(1)
  console.log(
    `@tricklab/engine-native: built with ${compiler.version} in ${seconds} s (${record.providers.join(', ')}).`,
  )
}

function parse(argv) {
  const parsed = { strict: false, asan: false, out: undefined, skip: [] }
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--strict') parsed.strict = true
    else if (argv[i] === '--asan') parsed.asan = true
    else if (argv[i] === '--out') parsed.out = argv[++i]
    else if (argv[i] === '--skip') parsed.skip.push(argv[++i])
    else throw new Error(`unknown argument ${argv[i]}`)
  }
  return parsed
}

/** Whether a package with a finished binary for this platform is installed. */
function hasPrebuilt() {
  try {
    require.resolve(`@tricklab/engine-native-${process.platform}-${process.arch}`)
    return true
  } catch {
    return false
  }
}

function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']
  for (const candidate of candidates) {
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' })
    if (status !== 0) continue
    const compiler = { path: candidate, version: stdout.split('\n')[0].trim() }
    if (tryCompile(compiler, ['-std=c++17'], '#include <memory>\nint main() { return 0; }')) return compiler
  }
  throw new BuildError(
    `no C++17 compiler found (tried ${candidates.join(', ')}); install g++ or clang and run \`node ${path.relative(process.cwd(), fileURLToPath(import.meta.url)) || 'scripts/build.mjs'}\`. Other engines work without.`,
  )
}

/** Compiles and links a small program; the answer is whether that works. */
function tryCompile(compiler, flags, source, libraries = []) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tricklab-probe-'))
  try {
    const file = path.join(folder, 'probe.cc')
    fs.writeFileSync(file, source)
    const target = path.join(folder, 'probe')
    return spawnSync(compiler.path, [...flags, file, '-o', target, ...libraries], { stdio: 'ignore' }).status === 0
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

function hasOnednn(compiler) {
  if (process.env.TRICKLAB_ONEDNN === '0') return false
  return tryCompile(
    compiler,
    ['-std=c++17'],
    '#include <oneapi/dnnl/dnnl.hpp>\nint main() { return dnnl_version()->major == 0; }',
    ['-ldnnl'],
  )
}

function compileFlags(compiler, onednn) {
  // The first set that this compiler knows: x86 wants -march, Apple's and older arm compilers -mcpu.
  const target = [['-march=native', '-mtune=native'], ['-mcpu=native'], []].find((flags) =>
    tryCompile(compiler, ['-std=c++17', ...flags], 'int main() { return 0; }'),
  )
  // GCC keeps to half vectors on AVX-512 unless told; exponentials gain, memory-bound loops lose nothing.
  const wide = ['-mprefer-vector-width=512']
  const hasWide = tryCompile(compiler, ['-std=c++17', '-Werror', ...target, ...wide], 'int main() { return 0; }')
  return [
    '-std=c++17',
    '-O3',
    ...target,
    ...(hasWide ? wide : []),
    '-fPIC',
    '-pthread',
    '-fvisibility=hidden',
    '-fvisibility-inlines-hidden',
    '-ffp-contract=fast',
    // Neither changes a value; both stand in the way of vector code.
    '-fno-math-errno',
    '-fno-trapping-math',
    '-Wall',
    '-Wextra',
    '-Wshadow',
    ...(options.strict || options.asan ? ['-Werror'] : []),
    ...(options.asan ? ['-fsanitize=address', '-fno-omit-frame-pointer', '-g', '-DTRICKLAB_ASAN'] : []),
    ...(onednn ? ['-DTRICKLAB_ONEDNN'] : []),
    '-DNAPI_VERSION=8',
    `-I${native}`,
    `-isystem${path.join(path.dirname(require.resolve('node-api-headers/package.json')), 'include')}`,
    `-isystem${path.dirname(require.resolve('node-addon-api/package.json'))}`,
  ]
}

function listSources(folder, below = '') {
  return fs
    .readdirSync(path.join(folder, below), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.posix.join(below, entry.name)
      if (entry.isDirectory()) return listSources(folder, name)
      return name.endsWith('.cc') ? [name] : []
    })
}

/** Whether an object is older than its source or one of the headers that it was compiled from. */
function isStale({ source, object }) {
  try {
    const made = fs.statSync(object).mtimeMs
    const dependencies = fs
      .readFileSync(`${object}.d`, 'utf8')
      .replace(/^[^:]*:/, '')
      .split(/[\s\\]+/)
      .filter(Boolean)
    return [source, ...dependencies].some((file) => fs.statSync(file).mtimeMs > made)
  } catch {
    return true
  }
}

function compile(compiler, flags, { source, object }) {
  fs.mkdirSync(path.dirname(object), { recursive: true })
  // Written beside and renamed, so that two builds at once and an interrupted one leave no half objects.
  const partial = `${object}.${process.pid}`
  const args = [...flags, '-MMD', '-MF', `${partial}.d`, '-c', source, '-o', partial]
  const begin = Date.now()
  return new Promise((resolve, reject) => {
    const child = spawn(compiler.path, args, { stdio: ['ignore', 'inherit', 'pipe'] })
    let complaints = ''
    child.stderr.on('data', (text) => {
      complaints += text
    })
    child.on('error', (error) => reject(new BuildError(error.message)))
    child.on('close', (status) => {
      if (complaints !== '') process.stderr.write(complaints)
      if (status !== 0) {
        fs.rmSync(partial, { force: true })
        fs.rmSync(`${partial}.d`, { force: true })
        return reject(new BuildError(`${path.relative(root, source)} does not compile.`))
      }
      fs.renameSync(partial, object)
      fs.renameSync(`${partial}.d`, `${object}.d`)
      // A source changed while it was compiled must be compiled again.
      fs.utimesSync(object, new Date(begin), new Date(begin))
      resolve()
    })
  })
}

async function runAll(jobs, run) {
  const queue = [...jobs]
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await run(job)
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker))
}

function link(compiler, objects, libraries, target) {
  const partial = `${target}.${process.pid}`
  const system = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
  const args = [
    '-shared',
    '-pthread',
    ...(options.asan ? ['-fsanitize=address'] : []),
    ...system,
    ...objects,
    '-o',
    partial,
    ...libraries,
  ]
  const { status, stderr } = spawnSync(compiler.path, args, { encoding: 'utf8' })
  if (status !== 0) throw new BuildError(`linking failed: ${stderr.trim().split('\n').at(-1)}`)
  // A process that runs on the old file keeps it.
  fs.renameSync(partial, target)
}

function describeBuild(compiler, flags, onednn, sources) {
  return {
    compiler: compiler.version,
    command: compiler.path,
    flags: flags.filter((flag) => !flag.startsWith('-I') && !flag.startsWith('-isystem')),
    platform: process.platform,
    arch: process.arch,
    cpu: describeCpu(),
    napi: 8,
    providers: [...(onednn ? ['onednn'] : []), 'portable'],
    sources,
  }
}

function sameRecord(record) {
  try {
    return fs.readFileSync(path.join(out, 'build.json'), 'utf8') === `${JSON.stringify(record, null, 2)}\n`
  } catch {
    return false
  }
}
