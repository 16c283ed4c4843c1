import { createRequire } from 'node:module'
import { fail } from '@tricklab/core'

const require = createRequire(import.meta.url)
const name = '@tensorflow/tfjs-node-gpu'
const version = '4.22.0'

/**
 * A file of TF.js's Node package: its backend in JavaScript and the sources of its addon.
 *
 * It is an optional peer: its install script fetches hundreds of megabytes from one server and fails the whole
 * installation where that server cannot be reached.
 *
 * @errors E_ENGINE_UNAVAILABLE when the package is not installed
 */
export function tfjsNodeFile(file: string): string {
  try {
    return require.resolve(`${name}/${file}`)
  } catch (cause) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: `The engine tensorflow needs the package ${name}, which is not installed.`,
      expected: `${name} ${version}, without its install script.`,
      fix: `npm install --ignore-scripts ${name}@${version}`,
      cause,
    })
  }
}
