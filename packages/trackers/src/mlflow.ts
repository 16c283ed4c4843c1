import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Json, TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { writeFileAtomic } from '@tricklab/core/files'
import type { TrackedRun, Tracker } from './tracker.ts'

export interface MlflowOptions {
  /** Where the server is; default: `MLFLOW_TRACKING_URI`, or http://127.0.0.1:5000. */
  readonly uri?: string
  /** Default: the table. */
  readonly experiment?: string
  /** A file that keeps the run's id, so that a training that goes on does so in the same run. */
  readonly keep?: string
  /** Told when values wait because the server does not answer, and what never arrived. */
  readonly onNotice?: (message: string) => void
  /** Longest time that an answer, and the last values of a training, are waited for. Default 10,000. */
  readonly timeoutMs?: number
}

// The limits of runs/log-batch.
const mostMetrics = 1000
const mostParams = 100
const longestValue = 500
const longestKey = 250

/** Values that wait for a server at most: beyond, every second one is given up. */
const mostWaiting = 100_000

interface Metric {
  readonly key: string
  readonly value: number
  readonly timestamp: number
  readonly step: number
}

/**
 * Tells an MLflow server of a training, through its REST API: an experiment a table, a run a seed, the recipe as parameters.
 * Values are sent while the training goes on, which never waits for the server; what does not arrive is sent again after
 * the next epoch. `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, are sent along.
 */
export function mlflowTracker(options: MlflowOptions = {}): Tracker {
  const { keep, onNotice = () => {}, timeoutMs = 10_000 } = options
  const server = new URL(options.uri ?? process.env.MLFLOW_TRACKING_URI ?? 'http://127.0.0.1:5000')
  const ask = createClient(server, timeoutMs)
  let run: TrackedRun
  let startStep = 0
  let runId: string | undefined
  let waiting: Metric[] = []
  let sending: Promise<void> | undefined
  let refusal: Error | undefined
  let told = false

  async function send(): Promise<void> {
    runId ??= await openRun()
    while (waiting.length > 0) {
      const metrics = waiting.slice(0, mostMetrics)
      await ask('runs/log-batch', { run_id: runId, metrics })
      waiting = waiting.slice(metrics.length)
      told = false
    }
  }

  async function openRun(): Promise<string> {
    const kept = startStep > 0 && keep !== undefined ? readKept(keep, server) : undefined
    if (kept !== undefined) {
      await ask('runs/update', { run_id: kept, status: 'RUNNING' })
      return kept
    }
    const { table, row, seed, recipeHash, recipe } = run
    const experiment = await findExperiment(ask, options.experiment ?? table)
    const tags = Object.entries({ table, row, seed: String(seed), recipeHash }).map(([key, value]) => ({ key, value }))
    const created = await ask('runs/create', {
      experiment_id: experiment,
      run_name: `${row} seed ${seed}`,
      start_time: Date.now(),
      tags,
    })
    const id = created.run.info.run_id
    const params = paramsOf(recipe)
    for (let from = 0; from < params.length; from += mostParams) {
      await ask('runs/log-batch', { run_id: id, params: params.slice(from, from + mostParams) })
    }
    if (keep !== undefined) await writeFileAtomic(keep, [JSON.stringify({ server: server.origin, runId: id })])
    return id
  }

  function start(): void {
    sending ??= send()
      .catch((error) => {
        if (error instanceof Refused) refusal = error.asError(server)
        else if (!told) {
          onNotice(`${problemOf(server, error).message} Values wait until it answers; the training goes on.`)
          told = true
        }
      })
      .finally(() => {
        sending = undefined
      })
  }

  return {
    name: 'mlflow',
    begin(given, step) {
      run = given
      startStep = step
      start()
    },
    track({ step, time, values }) {
      if (refusal !== undefined) throw refusal
      for (const [key, value] of Object.entries(values)) {
        // JSON has no other numbers.
        if (Number.isFinite(value)) waiting.push({ key, value, timestamp: time, step })
      }
      if (waiting.length > mostWaiting) waiting = waiting.filter((_, index) => index % 2 === 0)
    },
    flush: start,
    async end(outcome) {
      const over = new AbortController()
      const late = sleep(timeoutMs, undefined, { signal: over.signal }).catch(() => {})
      const last = async () => {
        await sending
        await send()
        await ask('runs/update', {
          run_id: runId!,
          status: outcome === 'finished' ? 'FINISHED' : 'KILLED',
          end_time: Date.now(),
        })
      }
      await Promise.race([last().catch(() => {}), late])
      over.abort()
      if (refusal !== undefined) throw refusal
      if (waiting.length > 0) onNotice(`${problemOf(server, `${waiting.length} values never arrived`).message}`)
    },
  }
}

/** What the server will not take, however often it is sent. */
class Refused extends Error {
  readonly status: number
  constructor(what: string, status: number) {
    super(what)
    this.status = status
  }
  asError(server: URL): TricklabError {
    return problemOf(server, this)
  }
}

function problemOf(server: URL, error: unknown): TricklabError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const problem: Problem = {
    code: 'E_TRACKER',
    what: `MLflow at ${server.origin}: ${cause instanceof Error ? cause.message || cause.name : String(cause)}.`,
    expected: 'a server that answers.',
    fix: 'start one with `mlflow server`, or name another with MLFLOW_TRACKING_URI.',
  }
  return new TricklabError([problem])
}

interface Answers {
  readonly 'experiments/get-by-name': { readonly experiment: { readonly experiment_id: string } }
  readonly 'experiments/create': { readonly experiment_id: string }
  readonly 'runs/create': { readonly run: { readonly info: { readonly run_id: string } } }
  readonly 'runs/log-batch': unknown
  readonly 'runs/update': unknown
}

type Client = <M extends keyof Answers>(method: M, body: object | URLSearchParams) => Promise<Answers[M]>

function createClient(server: URL, timeoutMs: number): Client {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: name,
    MLFLOW_TRACKING_PASSWORD: password,
  } = process.env
  const pair =
    server.username === ''
      ? name && `${name}:${password ?? ''}`
      : `${decodeURIComponent(server.username)}:${decodeURIComponent(server.password)}`
  const authorization = token ? `Bearer ${token}` : pair ? `Basic ${Buffer.from(pair).toString('base64')}` : undefined
  const base = `${server.origin}${server.pathname.replace(/\/$/, '')}/api/2.0/mlflow/`
  return async (method, body) => {
    const query = body instanceof URLSearchParams ? `?${body}` : ''
    const response = await fetch(base + method + query, {
      ...(query === '' ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await response.text()
    if (response.ok) return JSON.parse(text)
    const what = `${method} answered ${response.status}: ${text.slice(0, 300)}`
    const again = response.status >= 500 || response.status === 429
    throw again ? new Error(what) : new Refused(what, response.status)
  }
}

async function findExperiment(ask: Client, name: string): Promise<string> {
  const find = async () =>
    (await ask('experiments/get-by-name', new URLSearchParams({ experiment_name: name }))).experiment.experiment_id
  try {
    return await find()
  } catch (error) {
    if (!(error instanceof Refused && error.status === 404)) throw error
  }
  try {
    return (await ask('experiments/create', { name })).experiment_id
  } catch (error) {
    // Another seed, trained at the same time, was first.
    if (error instanceof Refused) return find()
    throw error
  }
}

/** A recipe as parameters: `optimizer.learningRate` → `0.01`. */
function paramsOf(recipe: Json, path = ''): { key: string; value: string }[] {
  if (typeof recipe === 'object' && recipe !== null && !Array.isArray(recipe)) {
    return Object.entries(recipe).flatMap(([key, value]) =>
      paramsOf(value as Json, path === '' ? key : `${path}.${key}`),
    )
  }
  const value = typeof recipe === 'string' ? recipe : JSON.stringify(recipe)
  return [{ key: path.slice(0, longestKey), value: value.slice(0, longestValue) }]
}

function readKept(file: string, server: URL): string | undefined {
  try {
    const { server: origin, runId } = JSON.parse(readFileSync(file, 'utf8'))
    return origin === server.origin && typeof runId === 'string' ? runId : undefined
  } catch {
    return undefined
  }
}
