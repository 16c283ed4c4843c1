/**
 * Runs the tests of this package on a build with AddressSanitizer, which ends the process at the first access outside a
 * buffer. Arguments go to vitest. Where the compiler has no sanitizer it says so and succeeds.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const compiler = process.env.CXX ?? 'c++'
const { stdout } = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' })
const library = stdout?.trim() ?? ''
if (process.platform !== 'linux' || !path.isAbsolute(library) || !existsSync(library)) {
  console.log('AddressSanitizer: this compiler has no libasan; nothing was run.')
  process.exit(0)
}

const build = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--asan'], { stdio: 'inherit' })
if (build.status !== 0) process.exit(1)

const environment = {
  ...process.env,
  TRICKLAB_NATIVE_DIST: 'dist/asan',
  LD_PRELOAD: library,
  // Node itself leaks what lives until its end. Tests ask for more memory than there is, which must be an answer.
  ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:exitcode=97',
}

// A sanitizer that sees nothing would let everything pass.
const probe = `
  const addon = require(${JSON.stringify(path.join(root, 'dist/asan/engine.node'))})
  addon.readBeyond(new Float32Array(addon.allocate(4000, new Float64Array(1))))
`
const seen = spawnSync(process.execPath, ['--eval', probe], { encoding: 'utf8', env: environment })
if (seen.status !== 97 || !seen.stderr.includes('heap-buffer-overflow')) {
  console.log('AddressSanitizer: an access outside a buffer was not seen; the run would prove nothing.')
  process.exit(1)
}

const vitest = path.join(root, '../../node_modules/vitest/vitest.mjs')
const files = process.argv.slice(2)
const tests = spawnSync(
  process.execPath,
  [vitest, 'run', '--root', path.join(root, '../..'), ...(files.length > 0 ? files : ['packages/engine-native'])],
  { stdio: 'inherit', env: environment },
)
process.exit(tests.status ?? 1)
