/** A decoding worker: takes tasks of the orders it is sent, one order after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { ImageError } from '../decode/decode.ts'
import { executeOrder } from './execute.ts'
import type { DecodeOrder, WorkerReply } from './protocol.ts'

const status = new Int32Array(workerData as SharedArrayBuffer)
const reply = (message: WorkerReply) => parentPort!.postMessage(message)

let work = Promise.resolve()
parentPort!.on('message', (order: DecodeOrder) => {
  work = work.then(() => execute(order))
})

async function execute(order: DecodeOrder): Promise<void> {
  const { id, tasks } = order
  let path = ''
  try {
    const last = await executeOrder(order, (lane, index) => {
      path = tasks[index]?.path ?? path
      // Read by the main thread if this one should end.
      Atomics.store(status, 0, id)
      Atomics.store(status, 1 + lane, index)
    })
    if (last) reply({ kind: 'done', id })
  } catch (error) {
    if (error instanceof ImageError) {
      const { message, received, fault } = error
      reply({ kind: 'bad-image', id, path: error.path, message, received, fault })
    } else {
      reply({ kind: 'fault', id, path, message: error instanceof Error ? error.message : String(error) })
    }
  }
}
