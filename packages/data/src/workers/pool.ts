import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { describeImageError, inHouseForm } from '../decode/image-error.ts'
import { executeOrder } from './execute.ts'
import { type DecodeOrder, type DecodeTask, type SharedStore, statusLength, type WorkerReply } from './protocol.ts'

/** Threads that decode. The images do not depend on their number. */
export interface DecodePool {
  /**
   * Carries out the tasks; image i of the buffer belongs to task i.
   * @errors E_DATASET_CORRUPT naming a file that cannot be decoded, E_DATASET_READ one that cannot be read; E_WORKER naming the file at which a worker ended
   */
  run(tasks: readonly DecodeTask[], images: SharedArrayBuffer, store?: SharedStore): Promise<void>
  /** Ends the workers. Orders under way fail. */
  close(): Promise<void>
}

interface Pending {
  readonly order: DecodeOrder
  resolve(): void
  reject(error: unknown): void
}

interface Member {
  readonly worker: Worker
  readonly status: Int32Array
}

const pools = new Map<number, DecodePool>()

/** The pool of this process with so many workers; it starts at first use and does not keep the process alive. */
export function sharedPool(workers: number): DecodePool {
  const pool = pools.get(workers) ?? createPool(workers)
  pools.set(workers, pool)
  return pool
}

/**
 * @param workers 0 decodes on the main thread
 * @param entry the workers' script, for tests
 */
export function createPool(workers: number, entry?: URL): DecodePool {
  return workers === 0 ? createInlinePool() : createWorkerPool(workers, entry ?? workerEntry())
}

function createInlinePool(): DecodePool {
  let work = Promise.resolve()
  return {
    run(tasks, images, store) {
      const order = createOrder(0, tasks, images, store)
      const done = work.then(async () => {
        await inHouseForm(() => executeOrder(order, () => {}))
        // The caller's own step comes first, and signals and timers get their turn.
        await setImmediate()
      })
      work = done.catch(() => {})
      return done
    },
    close: async () => {},
  }
}

function createWorkerPool(workers: number, entry: URL): DecodePool {
  const pending = new Map<number, Pending>()
  let members: Member[] | undefined
  let nextId = 1

  /** A process waits for its batches, but not for idle workers. */
  const hold = () => {
    for (const { worker } of members ?? []) {
      if (pending.size > 0) worker.ref()
      else worker.unref()
    }
  }
  const settle = (id: number, how: (entry: Pending) => void) => {
    const entry = pending.get(id)
    if (entry === undefined) return
    pending.delete(id)
    how(entry)
    hold()
  }
  const failAllPending = (problem: Problem) => {
    const team = members ?? []
    members = undefined
    for (const { worker } of team) {
      worker.removeAllListeners()
      // Its own end must not count as an uncaught error now.
      worker.on('error', () => {})
      worker.terminate()
    }
    for (const id of [...pending.keys()]) settle(id, ({ reject }) => reject(new TricklabError([problem])))
  }
  const receive = (message: WorkerReply) => {
    settle(message.id, ({ resolve, reject }) => {
      if (message.kind === 'done') return resolve()
      const problem: Problem =
        message.kind === 'bad-image'
          ? describeImageError(message)
          : { code: 'E_WORKER', what: `A decoding worker failed at ${message.path}.`, received: `${message.message}.` }
      reject(new TricklabError([problem]))
    })
  }
  const start = (): Member => {
    const shared = new SharedArrayBuffer(4 * statusLength)
    const worker = startThread(entry, shared)
    const member = { worker, status: new Int32Array(shared).fill(-1) }
    worker.on('message', receive)
    worker.on('error', (error) => failAllPending(describeEnd(member, pending, `it threw: ${error.message}`)))
    worker.on('exit', (code) => failAllPending(describeEnd(member, pending, `exit code ${code}`)))
    return member
  }

  return {
    run(tasks, images, store) {
      members ??= Array.from({ length: workers }, start)
      const order = createOrder(nextId++, tasks, images, store)
      return new Promise((resolve, reject) => {
        pending.set(order.id, { order, resolve, reject })
        hold()
        for (const { worker } of members!) worker.postMessage(order)
      })
    },
    async close() {
      const team = members ?? []
      failAllPending({ code: 'E_INTERRUPTED', what: 'Decoding was stopped.' })
      await Promise.all(team.map(({ worker }) => worker.terminate()))
    },
  }
}

function createOrder(
  id: number,
  tasks: readonly DecodeTask[],
  images: SharedArrayBuffer,
  store: SharedStore | undefined,
): DecodeOrder {
  const progress = new SharedArrayBuffer(8)
  return { id, tasks, images, progress, ...(store === undefined ? {} : { store }) }
}

/** A worker that ended, with the file that it had in hand. */
function describeEnd({ status }: Member, pending: ReadonlyMap<number, Pending>, how: string): Problem {
  const tasks = pending.get(Atomics.load(status, 0))?.order.tasks ?? []
  const files = [1, 2].map((lane) => tasks[Atomics.load(status, lane)]?.path).filter((path) => path !== undefined)
  return {
    code: 'E_WORKER',
    what: `A decoding worker ended unexpectedly${files.length === 0 ? '' : ` at ${[...new Set(files)].join(' or ')}`}.`,
    expected: 'decoded images.',
    received: `${how}.`,
    fix: 'look at that file, and at the memory that is free; the run resumes with --resume.',
  }
}

const fromSources = import.meta.url.endsWith('.ts')
const workerEntry = () => new URL(fromSources ? './worker.ts' : './worker.js', import.meta.url)

/** Sources need a loader, which workers do not inherit: it is registered first. */
function startThread(entry: URL, workerData: SharedArrayBuffer): Worker {
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, { workerData })
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const code = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}) })`
  return new Worker(code, { workerData, eval: true, execArgv: [] })
}
