/** Bundles TF.js's own test suite with the backend `native` and runs it in a process of its own. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Storage } from '../../src/storage.ts'

export interface ConformanceResult {
  readonly passed: number
  readonly failed: readonly { readonly name: string; readonly message: string }[]
  /** What the process printed, for when it ended before its end. */
  readonly output: string
}

const require = createRequire(import.meta.url)
const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
/** TF.js's tests import jasmine-core, which is jasmine's dependency and not ours. */
const besideJasmine = path.resolve(path.dirname(require.resolve('jasmine')), '../..')

/** Runs the specs whose name matches `grep`; excluded ones only with `all`. `storage` is how inputs are stored where it can hold them. */
export async function runConformance(
  grep = '.',
  { all = false, storage = 'float32' as Storage } = {},
): Promise<ConformanceResult> {
  mkdirSync(path.join(root, 'dist'), { recursive: true })
  const folder = mkdtempSync(path.join(root, 'dist', 'conformance-'))
  try {
    await bundle(path.join(folder, 'bundle.cjs'))
    writeFileSync(path.join(folder, 'main.cjs'), runner)
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [path.join(folder, 'main.cjs')], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: {
        ...process.env,
        GREP: grep,
        ALL: all ? '1' : '0',
        STORAGE: storage,
        JASMINE: require.resolve('jasmine'),
        NODE_PATH: besideJasmine,
      },
    })
    const output = `${stdout}${stderr}`
    try {
      return { ...JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8')), output }
    } catch {
      const message = `the process ended with ${signal ?? status}: ${output.slice(-2000)}`
      return { passed: 0, failed: [{ name: 'the suite', message }], output }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** TF.js's tests are modules that Node cannot load: they import without file extensions. */
async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [path.join(here, 'entry.js')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    // Else most specs are dropped: the package says that its files have no side effects.
    ignoreAnnotations: true,
    external: ['jasmine-core'],
    logLevel: 'error',
    define: { 'import.meta.url': 'importMetaUrl' },
    // The addon is looked for from its source file.
    banner: { js: `const importMetaUrl = ${JSON.stringify(pathToFileURL(path.join(root, 'src/addon.ts')).href)};` },
  })
}

const runner = `
const fs = require('node:fs')
const Jasmine = require(process.env.JASMINE)
const jasmine = new Jasmine()
jasmine.loadConfig({ spec_dir: '.', spec_files: ['bundle.cjs'], random: false })
jasmine.exitOnCompletion = false
// Five seconds are too few on a busy machine, and with every access watched.
jasmine.jasmine.DEFAULT_TIMEOUT_INTERVAL = 120_000
jasmine.clearReporters()
const result = { passed: 0, failed: [] }
const note = ({ fullName, failedExpectations }) =>
  result.failed.push({ name: fullName, message: failedExpectations.map((one) => one.message).join('; ') })
jasmine.addReporter({
  specDone(spec) {
    if (spec.status === 'passed') result.passed++
    if (spec.status === 'failed') note(spec)
  },
  // What went wrong before or after the specs of a suite is told with the suite alone.
  suiteDone(suite) {
    if (suite.failedExpectations.length > 0) note(suite)
  },
})
jasmine.execute().then(() => {
  fs.writeFileSync('result.json', JSON.stringify(result))
  process.exit(0)
})
`
