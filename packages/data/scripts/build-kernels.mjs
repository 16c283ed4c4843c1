/**
 * Compiles the AssemblyScript kernels to `dist/kernels.wasm`; skips it when it is newer than its sources.
 * Runs as the package's `prepare` script, so a fresh clone has it after `pnpm install`.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..')
const sources = join(packageRoot, 'kernels')
const target = join(packageRoot, 'dist/kernels.wasm')

const modified = async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0
const files = (await readdir(sources)).filter((file) => file.endsWith('.ts')).map((file) => join(sources, file))
const newest = Math.max(...(await Promise.all([...files, fileURLToPath(import.meta.url)].map(modified))))

if (process.argv[2] === '--force' || (await modified(target)) <= newest) {
  const { default: asc } = await import('assemblyscript/asc')
  const given = ['--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert', '--runtime', 'stub', '--enable', 'simd']
  const memory = ['--importMemory', '--initialMemory', '1', '--use', 'abort=']
  let binary
  const { error, stderr } = await asc.main(
    ['index.ts', '--baseDir', sources, '--outFile', 'kernels.wasm', ...given, ...memory],
    {
      writeFile: (path, contents) => {
        if (path.endsWith('.wasm')) binary = contents
      },
    },
  )
  if (error) {
    console.error(stderr.toString())
    throw error
  }
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, binary)
  console.log(`kernels.wasm, ${binary.length} bytes`)
}
