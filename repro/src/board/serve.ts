import { existsSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fail, TricklabError } from '@tricklab/core'
import { readRecord } from '../record/read.ts'
import { renderReport } from '../report/index.ts'
import { createLogFollower, type FollowedLog } from './follow-log.ts'
import { readQuery, renderBoard } from './page.ts'
import { findRuns, seedsOf } from './seeds.ts'

export interface Board {
  /** Where a browser of this machine finds it. */
  readonly url: string
  close(): Promise<void>
}

/** Only this machine reaches it. */
const host = '127.0.0.1'

/**
 * Serves a page over all runs below a folder, to this machine alone. It only reads, and asks nobody else for anything.
 * @param port 0: any that is free
 * @errors E_RUN_UNKNOWN where there is no such folder, E_PORT
 */
export async function serveBoard(runs: string, port: number): Promise<Board> {
  const root = path.resolve(runs)
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    fail('E_RUN_UNKNOWN', {
      what: `There is no folder of runs at "${runs}".`,
      expected: 'a folder with runs in it.',
      fix: 'name the folder of your runs, or start a run with pnpm repro TABLE/ROW first.',
    })
  }
  const follow = createLogFollower()
  const server = createServer((request, response) => {
    answer(root, follow, request)
      .catch((error): Answer => ({ status: 500, text: error instanceof Error ? error.message : String(error) }))
      .then((answer) => send(response, answer))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  }).catch((cause) => failPort(port, cause))
  const { port: opened } = server.address() as AddressInfo
  return {
    url: `http://${host}:${opened}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function failPort(port: number, cause: NodeJS.ErrnoException): never {
  const taken = cause.code === 'EADDRINUSE'
  fail('E_PORT', {
    what: taken ? `Another program uses port ${port}.` : `Port ${port} cannot be opened: ${cause.message}.`,
    expected: 'a port that is free.',
    received: `${port}.`,
    fix: 'choose another one with --port; --port 0 takes any that is free.',
    cause,
  })
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly type?: string
}

const page = (text: string): Answer => ({ status: 200, text, type: 'text/html; charset=utf-8' })

async function answer(
  root: string,
  follow: (file: string) => FollowedLog,
  { method, url = '/', headers }: IncomingMessage,
): Promise<Answer> {
  // A page of another site may send a browser here under a name of its own, and read what it gets.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) return { status: 403, text: 'Another host.' }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'The board only shows.' }
  const { pathname, searchParams } = new URL(url, `http://${host}`)
  const runs = findRuns(root)
  if (pathname === '/') {
    return page(
      await renderBoard(
        root,
        runs.flatMap((run) => seedsOf(run, follow)),
        readQuery(searchParams),
      ),
    )
  }
  const run = pathname === '/run' ? runs.find(({ id }) => id === searchParams.get('id')) : undefined
  if (run === undefined) return { status: 404, text: 'There is nothing of this name.' }
  try {
    const record = await readRecord(run.folder)
    return page(renderReport({ kind: 'runs', records: [record], live: record.manifest.ended === null }))
  } catch (error) {
    if (error instanceof TricklabError) return { status: 500, text: error.message }
    throw error
  }
}

function send(response: ServerResponse, { status, text, type = 'text/plain; charset=utf-8' }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(text)
}
