import { readFile } from 'node:fs/promises'
import { decodeImage } from '../decode/decode.ts'
import { type Pixels, resample } from '../pixels/resample.ts'
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
  const { outWidth, outHeight } = task.plan
  const bytes = outWidth * outHeight * 3
  const pixels = await decodeOrLoad(task, order)
  resample(pixels, task.plan, new Uint8Array(order.images, index * bytes, bytes))
}

async function decodeOrLoad({ path, decodeTo, stored }: DecodeTask, { store }: DecodeOrder): Promise<Pixels> {
  if (store !== undefined && stored !== undefined) {
    const pixels = readStored(store, stored)
    if (pixels !== undefined) return pixels
  }
  const pixels = await decodeImage(await readFile(path), decodeTo, path)
  if (store !== undefined && stored !== undefined) writeStored(store, stored, pixels)
  return pixels
}
