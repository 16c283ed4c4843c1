import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { fail } from '@tricklab/core'
import { makeFolder } from '@tricklab/core/files'
import { addonPath, napiVersion } from './layout.ts'
import { tfjsNodeFile } from './npm-package.ts'

const require = createRequire(import.meta.url)
const run = promisify(execFile)

/** The C++ compiler's command, or undefined: `CXX` when set, else the first that answers. */
export async function findCompiler(): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined
  for (const command of process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']) {
    const answers = await run(command, ['--version']).then(
      () => true,
      () => false,
    )
    if (answers) return command
  }
  return undefined
}

/**
 * Compiles TF.js's addon, from the sources that its npm package carries, against the library in `deps`.
 *
 * The compiler is called directly: node-gyp would want Python and a download of Node's headers, and two files need
 * neither.
 *
 * @errors E_ENGINE_INSTALL with the compiler's first error
 */
export async function compileAddon(folder: string, compiler: string): Promise<void> {
  const addon = path.join(folder, addonPath)
  makeFolder(path.dirname(addon))
  const sources = path.join(path.dirname(tfjsNodeFile('package.json')), 'binding')
  const headers = path.join(path.dirname(require.resolve('node-api-headers/package.json')), 'include')
  const mac = process.platform === 'darwin'
  const options = [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-w',
    `-DNAPI_VERSION=${napiVersion}`,
    `-I${headers}`,
    `-I${path.join(folder, 'deps', 'include')}`,
    path.join(sources, 'tfjs_backend.cc'),
    path.join(sources, 'tfjs_binding.cc'),
    ...(await librariesOf(path.join(folder, 'deps', 'lib'))),
    // The libraries are found relative to the addon, so the folder can be moved.
    `-Wl,-rpath,${mac ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
    ...(mac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    '-o',
    addon,
  ]
  await run(compiler, options).catch((error: { stderr?: string; message: string }) => {
    const firstError = (error.stderr ?? error.message).split('\n').find((line) => line.includes('error'))
    fail('E_ENGINE_INSTALL', {
      what: `TF.js's addon does not compile against this library: ${firstError ?? error.message}.`,
      expected: 'a library of TensorFlow 2.9 to 2.21 with its C headers.',
      fix: 'name another library with --from.',
      cause: error,
    })
  })
}

async function librariesOf(folder: string): Promise<string[]> {
  const ending = (name: string) => (process.platform === 'darwin' ? `${name}.2.dylib` : `${name}.so.2`)
  const libraries: string[] = []
  // A wheel has the C interface in libtensorflow_cc, a C archive in libtensorflow; the framework is beside either.
  for (const name of ['libtensorflow_cc', 'libtensorflow', 'libtensorflow_framework']) {
    const file = path.join(folder, ending(name))
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      libraries.push(file)
  }
  if (libraries.length < 2) {
    fail('E_ENGINE_INSTALL', {
      what: `The archive does not hold TensorFlow's libraries for ${process.platform}.`,
      expected: `${ending('libtensorflow')} or ${ending('libtensorflow_cc')}, and ${ending('libtensorflow_framework')}.`,
      received:
        libraries.length === 0 ? 'none of them.' : `${libraries.map((file) => path.basename(file)).join(', ')}.`,
      fix: 'give an archive for this platform with --from.',
    })
  }
  return libraries
}
