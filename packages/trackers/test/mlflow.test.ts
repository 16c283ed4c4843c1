import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { mlflowTracker } from '../src/index.ts'
import { pythonWith, reasonWithout } from './python.ts'
import { run, stepPoint, tellAll, temporaryFolder } from './run.ts'

interface Call {
  readonly method: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the tracker sends
  readonly body: any
}

/** As much of MLflow as a training needs; `status` says how it answers. */
class FakeMlflow {
  readonly calls: Call[] = []
  status: (method: string) => number = () => 200
  readonly #server: Server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      const method = new URL(request.url!, 'http://x').pathname.replace('/api/2.0/mlflow/', '')
      this.calls.push({ method, body: text === '' ? undefined : JSON.parse(text) })
      const known: Record<string, object> = {
        'experiments/create': { experiment_id: '7' },
        'runs/create': { run: { info: { run_id: 'r1' } } },
      }
      const status = method === 'experiments/get-by-name' ? 404 : this.status(method)
      response.writeHead(status).end(JSON.stringify(known[method] ?? {}))
    })
  })
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }
  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
  of = (method: string) => this.calls.filter((call) => call.method === method).map(({ body }) => body)
  metrics = () => this.of('runs/log-batch').flatMap(({ metrics = [] }) => metrics)
}

describe('an MLflow server', () => {
  const open: FakeMlflow[] = []
  const serve = async (port?: number) => {
    const server = new FakeMlflow()
    open.push(server)
    return { server, uri: `http://127.0.0.1:${await server.listen(port)}` }
  }
  afterEach(() => Promise.all(open.splice(0).map((server) => server.close())))

  test('gets an experiment of the table, a run of the seed, its recipe and every number', async () => {
    const { server, uri } = await serve()
    await tellAll(mlflowTracker({ uri }))
    expect(server.of('experiments/create')).toEqual([{ name: 'tiny' }])
    expect(server.of('runs/create')).toMatchObject([{ experiment_id: '7', run_name: 'plain seed 1' }])
    const params = server.of('runs/log-batch').flatMap(({ params = [] }) => params)
    expect(params).toContainEqual({ key: 'optimizer.learningRate', value: '0.01' })
    expect(params).toContainEqual({ key: 'callbacks', value: '[]' })
    expect(server.metrics()).toHaveLength(4 * 3 + 2 * 5)
    expect(server.metrics()).toContainEqual({
      key: 'valid/accuracy',
      value: 0.5,
      timestamp: expect.any(Number),
      step: 4,
    })
    expect(server.of('runs/update')).toMatchObject([{ run_id: 'r1', status: 'FINISHED' }])
  })

  test('never gets more than it takes at once', async () => {
    const { server, uri } = await serve()
    const tracker = mlflowTracker({ uri })
    const recipe = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`key${index}`, 'x'.repeat(900)]))
    await tracker.begin({ ...run, recipe }, 0)
    for (let step = 1; step <= 1500; step++) tracker.track(stepPoint(step))
    await tracker.end('stopped')
    for (const { metrics = [], params = [] } of server.of('runs/log-batch')) {
      expect(metrics.length).toBeLessThanOrEqual(1000)
      expect(params.length).toBeLessThanOrEqual(100)
      for (const { value } of params) expect(value.length).toBeLessThanOrEqual(500)
    }
    expect(server.metrics()).toHaveLength(4500)
    expect(server.of('runs/update')).toMatchObject([{ status: 'KILLED' }])
  })

  test('that is down costs a notice; when it is up again it gets everything', async () => {
    const { server: gone, uri } = await serve()
    await gone.close()
    open.length = 0
    const notices: string[] = []
    const tracker = mlflowTracker({ uri, onNotice: (message) => notices.push(message) })
    await tracker.begin(run, 0)
    for (const step of [1, 2]) tracker.track(stepPoint(step))
    while (notices.length === 0) await sleep(5)
    tracker.flush()
    await sleep(50)
    expect(notices).toEqual([expect.stringMatching(/^\[E_TRACKER\] MLflow at .*ECONNREFUSED.*the training goes on\.$/)])
    const { server } = await serve(Number(new URL(uri).port))
    tracker.track(stepPoint(3))
    await tracker.end('finished')
    expect(server.metrics().map(({ step }) => step)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3])
    expect(notices).toHaveLength(1)
  })

  test('that never comes back is waited for no longer than was said', async () => {
    const notices: string[] = []
    const tracker = mlflowTracker({
      uri: 'http://127.0.0.1:1',
      timeoutMs: 50,
      onNotice: (message) => notices.push(message),
    })
    await tracker.begin(run, 0)
    tracker.track(stepPoint(1))
    await tracker.end('finished')
    expect(notices.at(-1)).toMatch(/\[E_TRACKER\].*3 values never arrived/)
  })

  test('that refuses is asked no more', async () => {
    const { server, uri } = await serve()
    server.status = (method) => (method === 'runs/create' ? 403 : 200)
    const tracker = mlflowTracker({ uri })
    await tracker.begin(run, 0)
    while (server.of('runs/create').length === 0) await sleep(5)
    await expect(async () => {
      for (;;) {
        tracker.track(stepPoint(1))
        await sleep(5)
      }
    }).rejects.toThrow(/\[E_TRACKER\].*runs\/create answered 403/)
  })

  test('keeps the run of a training that goes on', async () => {
    const { server, uri } = await serve()
    const keep = path.join(temporaryFolder(), 'mlflow-1.json')
    const before = mlflowTracker({ uri, keep })
    await before.begin(run, 0)
    await before.end('stopped')
    const after = mlflowTracker({ uri, keep })
    await after.begin(run, 2)
    after.track(stepPoint(3))
    await after.end('finished')
    expect(server.of('runs/create')).toHaveLength(1)
    expect(server.of('runs/update').map(({ status }) => status)).toEqual(['KILLED', 'RUNNING', 'FINISHED'])
  })
})

const python = pythonWith('mlflow.server')

test.skipIf(python === undefined)(
  `a real MLflow server holds what it was told${python === undefined ? reasonWithout('mlflow') : ''}`,
  async () => {
    const folder = temporaryFolder()
    const port = await freePort()
    const uri = `http://127.0.0.1:${port}`
    const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1']
    const store = ['--backend-store-uri', `sqlite:///${folder}/mlflow.db`, '--artifacts-destination', folder]
    const server: ChildProcess = spawn(python!, [...args, ...store], {
      cwd: folder,
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' },
    })
    const ask = async (method: string, body: object) => {
      const response = await fetch(`${uri}/api/2.0/mlflow/${method}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      })
      return response.json()
    }
    try {
      for (;;) {
        const up = await fetch(`${uri}/health`).catch(() => undefined)
        if (up?.ok) break
        expect(server.exitCode).toBeNull()
        await sleep(200)
      }
      await tellAll(mlflowTracker({ uri, timeoutMs: 60_000 }))
      const found = await fetch(`${uri}/api/2.0/mlflow/experiments/get-by-name?experiment_name=tiny`)
      const { experiment } = await found.json()
      const { runs } = await ask('runs/search', { experiment_ids: [experiment.experiment_id] })
      expect(runs).toHaveLength(1)
      expect(runs[0].info).toMatchObject({ run_name: 'plain seed 1', status: 'FINISHED' })
      expect(runs[0].data.metrics).toContainEqual(
        expect.objectContaining({ key: 'valid/accuracy', value: 0.5, step: 4 }),
      )
      expect(runs[0].data.params).toContainEqual({ key: 'optimizer.use', value: 'adamw' })
      const history = await fetch(
        `${uri}/api/2.0/mlflow/metrics/get-history?run_id=${runs[0].info.run_id}&metric_key=loss`,
      )
      const { metrics } = await history.json()
      expect(metrics.map(({ step }: { step: number }) => step)).toEqual([1, 2, 3, 4])
    } finally {
      process.kill(-server.pid!, 'SIGTERM')
    }
  },
)

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
