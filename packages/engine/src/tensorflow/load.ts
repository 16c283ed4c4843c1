import { createRequire } from 'node:module'
import type { KernelBackend } from '@tricklab/core/tf'
import { tfjsNodeFile } from './npm-package.ts'

const require = createRequire(import.meta.url)

/** The addon: TensorFlow's C interface. Only what we ask of it ourselves is typed. */
export interface TensorflowBinding {
  readonly TF_Version: string
  isUsingGpuDevice(): boolean
}

/** Loads the addon of an installed TensorFlow; throws what the dynamic linker says. */
export function loadBinding(addon: string): TensorflowBinding {
  return require(addon)
}

/**
 * Makes the TF.js backend over a binding.
 *
 * The package's own entry finds its addon inside node_modules and nowhere else, so its two parts are taken instead: the
 * backend and its kernels.
 */
export function createTensorflowBackend(binding: TensorflowBinding): KernelBackend {
  restoreUtilFunctions()
  const { NodeJSKernelBackend } = require(tfjsNodeFile('dist/nodejs_kernel_backend.js'))
  require(tfjsNodeFile('dist/register_all_kernels.js'))
  return new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu')
}

/** The package calls functions of `node:util` that Node 23 removed. */
function restoreUtilFunctions(): void {
  const util = require('node:util') as Record<string, unknown>
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  util.isArray ??= Array.isArray
}
