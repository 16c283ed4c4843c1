/**
 * Compiles the AssemblyScript kernels to `dist/kernels/{simd,relaxed}.wasm`; skips what is newer than its sources.
 * Runs as the package's `prepare` script, so a fresh clone has them after `pnpm install`.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..')
const sources = join(packageRoot, 'src/wasm/kernels')
const target = join(packageRoot, 'dist/kernels')

const modified = async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0

const files = (await readdir(sources)).filter((file) => file.endsWith('.ts')).map((file) => join(sources, file))
const newestSource = Math.max(...(await Promise.all([...files, fileURLToPath(import.meta.url)].map(modified))))

const builds = { simd: ['--enable', 'simd'], relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'] }
await mkdir(target, { recursive: true })
for (const [name, features] of Object.entries(builds)) {
  const file = join(target, `${name}.wasm`)
  if (process.argv[2] !== '--force' && (await modified(file)) > newestSource) continue
  const { default: asc } = await import('assemblyscript/asc')
  let binary
  const { error, stderr } = await asc.main(
    [
      'index.ts',
      '--baseDir',
      sources,
      '--outFile',
      'kernels.wasm',
      '--optimizeLevel',
      '3',
      '--shrinkLevel',
      '0',
      '--noAssert',
      '--runtime',
      'stub',
      '--importMemory',
      '--initialMemory',
      '1',
      '--memoryBase',
      '0',
      '--use',
      'abort=',
      ...features,
    ],
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
  await writeFile(file, binary)
  console.log(`kernels: ${name}.wasm, ${binary.length} bytes`)
}
