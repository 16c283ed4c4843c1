import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { ownEngines } from '../driver.ts'
import { noSoftwareGpu, useSoftwareGpu } from '../webgpu/software-gpu.ts'
import { probeEngines } from './probe.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-probe-'))
const nodeOptions = process.env.NODE_OPTIONS

afterEach(() => {
  if (nodeOptions === undefined) delete process.env.NODE_OPTIONS
  else process.env.NODE_OPTIONS = nodeOptions
})

/** Prepares an engine in a process of its own; resolves to the backend that it then has. */
async function prepareElsewhere(name: string): Promise<string> {
  const code = `import('${new URL('../engine.ts', import.meta.url)}')
    .then(({ prepareEngine }) => prepareEngine('${name}'))
    .then(({ backend }) => process.stdout.write(backend, () => process.exit(0)), () => process.exit(1))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', import.meta.resolve('tsx')],
    ...['--eval', code],
  ])
  return stdout
}

test('what the doctor says works, works; what it says does not, does not', async () => {
  if (noSoftwareGpu === undefined) useSoftwareGpu()
  const begun: string[] = []
  const reports = await probeEngines(undefined, {
    onBegin: (name, index, count) => begun.push(`${index + 1}/${count} ${name}`),
  })
  expect(begun).toEqual(ownEngines.map((name, i) => `${i + 1}/${ownEngines.length} ${name}`))
  expect(reports.map(({ name }) => name)).toEqual([...ownEngines])
  const elsewhere = await Promise.allSettled(reports.map(({ name }) => prepareElsewhere(name)))
  for (const [i, report] of reports.entries()) {
    expect(elsewhere[i]?.status).toBe(report.works ? 'fulfilled' : 'rejected')
    if (report.works) {
      expect(elsewhere[i]).toMatchObject({ value: report.name })
      expect(report).toMatchObject({ why: '', command: '' })
      expect(report.version).not.toBe('')
      expect(report.device).not.toBe('')
      expect(report.stepMs).toBeGreaterThan(0)
      expect(report.stepRangeMs![0]).toBeLessThanOrEqual(report.stepMs!)
      expect(report.stepRangeMs![1]).toBeGreaterThanOrEqual(report.stepMs!)
      expect(report.startMs).toBeGreaterThan(0)
    } else {
      expect(report.why).not.toBe('')
      expect(report.command).not.toBe('')
    }
  }
  const working = reports.filter(({ works }) => works).map(({ name }) => name)
  expect(working).toEqual(expect.arrayContaining(['wasm', 'cpu', ...(noSoftwareGpu === undefined ? ['webgpu'] : [])]))
  expect(reports.find(({ name }) => name === 'cpu')?.missingKernels).toEqual([])
}, 180_000)

test('without its binary, native names the compiler and auto takes wasm', async () => {
  const dist = process.env.TRICKLAB_NATIVE_DIST
  process.env.TRICKLAB_NATIVE_DIST = path.join(folder, 'nothing')
  try {
    const [report] = await probeEngines(['native'])
    expect(report).toMatchObject({ works: false, why: 'The engine native is not built.' })
    expect(report?.command).toMatch(/build\.mjs.*--engine wasm/)
    expect(await prepareElsewhere('auto')).toBe('wasm')
  } finally {
    if (dist === undefined) delete process.env.TRICKLAB_NATIVE_DIST
    else process.env.TRICKLAB_NATIVE_DIST = dist
  }
}, 60_000)

test('an engine that hangs costs its time limit and no more', async () => {
  const [report] = await probeEngines(['cpu'], { timeLimitMs: 20 })
  expect(report).toMatchObject({ name: 'cpu', works: false, why: 'It did not answer within 0.02 s.' })
})

test('an engine that crashes is reported with its last words', async () => {
  const file = path.join(folder, 'crash.cjs')
  writeFileSync(file, `process.stderr.write('core meltdown\\n', () => process.kill(process.pid, 'SIGSEGV'))`)
  process.env.NODE_OPTIONS = `--require ${file}`
  const [report] = await probeEngines(['cpu'])
  rmSync(folder, { recursive: true })
  expect(report).toMatchObject({
    works: false,
    why: 'Its process ended by SIGSEGV. Its last words: core meltdown',
  })
})
