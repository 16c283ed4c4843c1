import { readPhoto } from '../decode/read-photo.ts'
import { pixelKernels } from '../pixels/kernels.ts'
import { type Pixels, resampleInside } from '../pixels/resample.ts'
import { transformInside } from '../pixels/transform.ts'
import type { DecodeOrder, DecodeTask } from './protocol.ts'
import { readStored, writeStored } from './store-file.ts'

const nextTask = 0
const finished = 1

/** Told of every task a lane takes. */
export type TaskListener = (lane: number, index: number) => void

// Decoding happens on a thread of libuv, resizing on the caller's: with two images in hand both have work.
export const lanes = 2

/**
 * Works on an order until no task is left; any number of threads may do so at a time.
 * @param onTask called with the index of every task taken, −1 when a lane is done
 * @returns true for the one thread that finished the last task
 * @errors those of decoding; the order then takes up no more tasks
 */
export async function executeOrder(order: DecodeOrder, onTask: TaskListener): Promise<boolean> {
  const ends = await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(order, lane, onTask)))
  return ends.includes(true)
}

async function runLane(order: DecodeOrder, lane: number, onTask: TaskListener): Promise<boolean> {
  const progress = new Int32Array(order.progress)
  const { tasks } = order
  let last = false
  for (;;) {
    const index = Atomics.add(progress, nextTask, 1)
    if (index >= tasks.length) {
      onTask(lane, -1)
      return last
    }
    onTask(lane, index)
    try {
      await executeTask(order, index)
    } catch (error) {
      Atomics.store(progress, nextTask, tasks.length)
      throw error
    }
    last = Atomics.add(progress, finished, 1) === tasks.length - 1
  }
}

async function executeTask(order: DecodeOrder, index: number): Promise<void> {
  const task = order.tasks[index]!
  const { plan, transform } = task
  const pixels = await decodeOrLoad(task, order)
  // From here on nothing is awaited: both lanes use the same memory.
  const kernels = pixelKernels()
  kernels.reset()
  const cropped = resampleInside(kernels, pixels, plan)
  const values = plan.outWidth * plan.outHeight * 3
  if (transform === undefined) {
    new Uint8Array(order.images, index * values, values).set(kernels.bytes(cropped, values))
    return
  }
  const { width, height } = transform.output
  const count = width * height * 3
  const place = new Float32Array(order.images, index * count * 4, count)
  transformInside(kernels, cropped, { width: plan.outWidth, height: plan.outHeight }, transform, place)
}

async function decodeOrLoad(task: DecodeTask, { store }: DecodeOrder): Promise<Pixels> {
  const { stored } = task
  if (task.pixels !== undefined) return task.pixels
  if (store !== undefined && stored !== undefined) {
    const pixels = readStored(store, stored)
    if (pixels !== undefined) return pixels
  }
  const pixels = await readPhoto(task)
  if (store !== undefined && stored !== undefined) writeStored(store, stored, pixels)
  return pixels
}
