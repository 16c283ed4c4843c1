/** Verdaccio on loopback: a registry of our own, empty at first, that anybody with any token may publish to. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import path from 'node:path'

export interface Registry {
  readonly url: string
  /** Published tarballs: `@scope/name/name-version.tgz`. */
  readonly storage: string
  /** Lines of an .npmrc: this registry for our scope; everything else comes from where it always comes from. */
  readonly npmrc: string
  stop(): void
}

export async function startRegistry(folder: string): Promise<Registry> {
  mkdirSync(folder, { recursive: true })
  const config = path.join(folder, 'config.yaml')
  writeFileSync(
    config,
    `storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
packages:
  '**':
    access: $all
    publish: $all
log: { type: stdout, format: json, level: error }
`,
  )
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const script = path.join(
    path.dirname(createRequire(import.meta.url).resolve('verdaccio/package.json')),
    'bin/verdaccio',
  )
  const args = [script, '--config', config, '--listen', `127.0.0.1:${port}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      words += text
    })
  }
  await answers(url, () => (child.exitCode === null ? undefined : words))
  return {
    url,
    storage: path.join(folder, 'storage'),
    npmrc: `@tricklab:registry=${url}\n//127.0.0.1:${port}/:_authToken=anything\n`,
    stop: () => child.kill(),
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function answers(url: string, ended: () => string | undefined): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const words = ended()
    if (words !== undefined) throw new Error(`Verdaccio ended:\n${words}`)
    if (
      await fetch(`${url}-/ping`).then(
        (response) => response.ok,
        () => false,
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('Verdaccio did not answer within a minute')
}
