import { execFile } from 'node:child_process'
import os from 'node:os'
import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { fail } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { useBackend } from './backend.ts'
import { cpuModel, defineEngine, type Prepared } from './driver.ts'
import { allowExplicitPadding } from './tensorflow/explicit-padding.ts'
import { findTensorflow, type InstalledTensorflow } from './tensorflow/layout.ts'
import { createTensorflowBackend, loadBinding, type TensorflowBinding } from './tensorflow/load.ts'

const installCommand = 'pnpm lab engine install tensorflow'

let loaded: { binding: TensorflowBinding; threads: number } | undefined

/** libtensorflow through TF.js's own addon; the binary comes with `lab engine install tensorflow`. */
export const engine = defineEngine({
  name: 'tensorflow',
  precisions: ['f32'],
  async prepare({ threads = os.availableParallelism(), onNotice }) {
    loaded ??= await load(threads)
    if (loaded.threads !== threads) refuseOtherThreads(loaded.threads, threads)
    await useBackend('tensorflow', 'tensorflow')
    const prepared = await describe(loaded.binding, threads)
    const installed = await findTensorflow()
    if (installed?.gpu && !loaded.binding.isUsingGpuDevice()) {
      onNotice?.('TensorFlow is built for a GPU but found none that it can use; it computes on the CPU.')
    }
    return prepared
  },
})

async function load(threads: number) {
  const installed = await findTensorflow()
  if (installed === undefined) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: "The engine tensorflow has no binary here: TensorFlow's library is not installed.",
      expected: 'the library of TensorFlow, a download of some hundred megabytes.',
      fix: installCommand,
    })
  }
  if (!isMainThread) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: "The engine tensorflow works only in a process's main thread; this is a worker thread.",
      fix: 'run the job in a process of its own.',
    })
  }
  setUpEnvironment(threads)
  const binding = loadInstalled(installed)
  const backend = createTensorflowBackend(binding)
  tf.registerBackend('tensorflow', () => backend)
  allowExplicitPadding()
  return { binding, threads }
}

function loadInstalled(installed: InstalledTensorflow): TensorflowBinding {
  try {
    return loadBinding(installed.addon)
  } catch (error) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: `The engine tensorflow is installed but does not load: ${(error as Error).message.trim()}.`,
      fix: `${installCommand} ${installed.gpu ? '--gpu' : ''}`.trim(),
      cause: error,
    })
  }
}

/** TensorFlow reads these once, when its library is loaded. What the user set stays. */
function setUpEnvironment(threads: number): void {
  process.env.TF_NUM_INTRAOP_THREADS = String(threads)
  process.env.TF_NUM_INTEROP_THREADS ??= '1'
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  // The same seed must give the same bits.
  process.env.TF_DETERMINISTIC_OPS ??= '1'
  // Else it takes all memory of the GPU at once, and two runs cannot share one.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
}

async function describe(binding: TensorflowBinding, threads: number): Promise<Prepared> {
  const gpu = binding.isUsingGpuDevice()
  return {
    backend: 'tensorflow',
    version: binding.TF_Version,
    device: gpu ? await nvidiaName() : cpuModel(),
    threads,
    details: gpu ? 'libtensorflow, CUDA' : 'libtensorflow',
  }
}

async function nvidiaName(): Promise<string> {
  const query = ['--query-gpu=name', '--format=csv,noheader']
  const answer = await promisify(execFile)('nvidia-smi', query, { timeout: 5000 }).catch(() => undefined)
  return answer?.stdout.split('\n')[0]?.trim() || 'GPU'
}

function refuseOtherThreads(current: number, threads: number): never {
  fail('E_OPTION_RANGE', {
    what: 'The engine tensorflow is already running with another number of threads in this process.',
    expected: `threads ${current}.`,
    received: `${threads}.`,
    fix: 'start a new process.',
  })
}
