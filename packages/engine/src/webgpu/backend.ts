import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { fail } from '@tricklab/core'
import type { backend_util, DataId } from '@tricklab/core/tf'
import type { OpenAdapter } from './adapter.ts'

/**
 * TF.js's WebGPU backend, with what Node lacks made plain: no synchronous reads, and no error that goes unheard.
 *
 * WebGPU reports errors beside the calls that cause them, and a lost device answers every read with zeros; so each read
 * asks first whether something has gone wrong.
 */
class DawnBackend extends WebGPUBackend {
  #failure: string | undefined

  watch(): this {
    this.device.addEventListener('uncapturederror', (event) => {
      this.#failure ??= event.error.message
    })
    this.device.lost.then((info) => {
      if (info.reason !== 'destroyed') this.#failure ??= `the device was lost: ${info.message}`
    })
    return this
  }

  override async read(dataId: DataId): Promise<backend_util.BackendValues> {
    this.#failIfFailed()
    const values = await super.read(dataId)
    this.#failIfFailed()
    return values
  }

  override readSync(dataId: DataId): backend_util.BackendValues {
    const { values, dtype } = (this as unknown as Stored).tensorMap.get(dataId)
    // What has not left the CPU, or is known there, can be had at once.
    if (values != null || dtype === 'string') return super.readSync(dataId)
    fail('E_ENGINE_SYNC_READ', {
      what: 'The engine webgpu cannot read a tensor synchronously.',
      expected: '`await tensor.data()`, outside of tf.tidy.',
      received: '`dataSync()`, `arraySync()`, `print()`, or an operation that reads its input in this way.',
      fix: 'read with `await`, or run on --engine wasm.',
    })
  }

  #failIfFailed(): void {
    if (this.#failure === undefined) return
    fail('E_ENGINE_FAILED', {
      what: `The engine webgpu failed: ${firstSentence(this.#failure)}.`,
      fix: 'use a smaller batch if it is out of memory; else run on --engine wasm.',
    })
  }
}

function firstSentence(message: string): string {
  return message.trim().split('\n')[0]?.replace(/\.$/, '') ?? ''
}

interface Stored {
  tensorMap: { get(dataId: DataId): { values: unknown; dtype: string } }
}

// Dawn ends with its object, and takes the process with it if a device is still there; so none is ever let go.
const keptAlive: GPU[] = []

/** Opens the adapter's device with all that TF.js can use of it, and makes the backend over it. */
export async function createDawnBackend({ gpu, adapter }: OpenAdapter): Promise<DawnBackend> {
  keptAlive.push(gpu)
  const { limits, features } = adapter
  const device = await adapter.requestDevice({
    requiredFeatures: features.has('timestamp-query') ? ['timestamp-query'] : [],
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    },
  })
  return withNavigatorGpu(gpu, () => new DawnBackend(device, adapter.info).watch())
}

/**
 * The backend's constructor wants to see `navigator.gpu`, as in a browser. It is there only for that moment: packages
 * that find a `navigator` for good may take Node for a browser.
 */
function withNavigatorGpu<T>(gpu: GPU, make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true })
  try {
    return make()
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator')
    else Object.defineProperty(globalThis, 'navigator', before)
  }
}
