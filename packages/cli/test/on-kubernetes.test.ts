import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const execute = promisify(execFile)

/** What the compiler has against an object as a Job of Kubernetes, by the types of its published schema. */
async function complaints(job: unknown): Promise<string> {
  const folder = temporaryFolder()
  symlinkSync(path.join(root, 'repro/node_modules'), path.join(folder, 'node_modules'))
  const file = path.join(folder, 'job.ts')
  writeFileSync(
    file,
    `import type { Job } from 'kubernetes-types/batch/v1.js'\nexport const job: Job = ${JSON.stringify(job)}\n`,
  )
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--types', '']
  return execute(process.execPath, [tsc, ...options, file], { cwd: folder }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  )
}

describe('a manifest for Kubernetes', () => {
  const out = temporaryFolder()
  // biome-ignore lint/suspicious/noExplicitAny: the test looks at what it expects to be there
  let job: any
  beforeAll(async () => {
    const args = [fixture('rows.ts'), '--engine', 'wasm', '--epochs', '1', '--out', out]
    const more = ['--on', 'kubernetes', '--image', 'registry/tricklab:1', '--array-limit', '3', '--kueue', 'lab']
    const printed = await runCli('repro', [...args, ...more])
    expect(printed.code, printed.stderr).toBe(0)
    expect(printed.stderr).toContain('it asks for no certain memory')
    job = JSON.parse(printed.stdout)
  })

  it('has the form that the schema of Kubernetes asks for, which other forms have not', async () => {
    expect(await complaints(job)).toBe('')
    const { backoffLimitPerIndex, ...spec } = job.spec
    expect(await complaints({ ...job, spec: { ...spec, backoffLimitByIndex: backoffLimitPerIndex } })).toContain(
      'backoffLimitByIndex',
    )
  })

  it('tells the cluster which exit codes are worth another try', () => {
    const { spec, metadata } = job
    expect(metadata.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'lab' })
    expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 4, parallelism: 3, suspend: true })
    expect(spec.template.spec.restartPolicy).toBe('Never')
    const actions = spec.podFailurePolicy.rules.map((rule: { action: string; onExitCodes?: { values: number[] } }) => [
      rule.action,
      rule.onExitCodes?.values,
    ])
    expect(actions).toEqual([
      ['FailIndex', [2]],
      ['Ignore', [3]],
      ['Ignore', undefined],
    ])
  })

  it('trains its jobs by the entry point of the image, and then knows the memory that they need', async () => {
    const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
    expect(dockerfile).toMatch(/^USER node$/m)
    const entry: string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]!)
    const [, ...words] = entry.map((word) => word.replace(/^\/app\//, root))
    const [container] = job.spec.template.spec.containers
    for (const index of ['0', '3']) {
      const args = container.args.map((word: string) => word.replace('$(JOB_COMPLETION_INDEX)', index))
      await execute(process.execPath, [...words, ...args], { cwd: temporaryFolder() })
    }
    const args = [fixture('rows.ts'), '--engine', 'wasm', '--epochs', '1', '--resume', '--out', out]
    const printed = await runCli('repro', [...args, '--on', 'kubernetes', '--image', 'tricklab'])
    const { requests } = JSON.parse(printed.stdout).spec.template.spec.containers[0].resources
    expect(requests).toEqual({ cpu: '1', memory: expect.stringMatching(/^\d{2,4}Mi$/) })
    expect(readdirSync(path.join(out, 'rows')).filter((name) => name.startsWith('jobs-'))).toHaveLength(2)
  })

  it('needs an image', async () => {
    const refused = await runCli('repro', [fixture('rows.ts'), '--out', temporaryFolder(), '--on', 'kubernetes'])
    expect(refused.stderr).toMatch(/\[E_ARGUMENT\] The pods need an image/)
    expect(refused.code).toBe(2)
  })
})
