import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli, temporaryFolder } from './run-cli.ts'
import { runFolder, tiny } from './tiny-runs.ts'

const run = (out: string, ...more: string[]) => [tiny('plain'), '--seeds', '1', '--out', out, ...more]

/** A run that was stopped in its first epoch, or in its second one. */
async function stopped(text = 'epoch 1/3') {
  const out = temporaryFolder()
  let asked = false
  const result = await runCli('repro', run(out, '--engine', 'wasm', '--checkpoint-minutes', '1e-7'), {
    onStderr(line, child) {
      if (asked || !line.includes(text)) return
      asked = true
      child.kill('SIGINT')
    },
  })
  expect(result.code).toBe(3)
  return { out, folder: runFolder(out) }
}

const editManifest = (folder: string, edit: (manifest: ReturnType<typeof JSON.parse>) => void) => {
  const file = path.join(folder, 'manifest.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  edit(manifest)
  writeFileSync(file, JSON.stringify(manifest))
}
const manifestOf = (folder: string) => JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'))

describe('--resume compares what it resumes', () => {
  it.each([
    ['another engine', ['--engine', 'cpu'], () => {}, /Expected: engine wasm\. Received: engine cpu\./],
    [
      'other data',
      [],
      (folder: string) =>
        editManifest(folder, ({ dataset }) => {
          dataset.digest = 'f'.repeat(64)
        }),
      /Expected: dataset f{12}\. Received: dataset \w{12}\./,
    ],
    [
      'other threads and precision',
      [],
      (folder: string) =>
        editManifest(folder, ({ engine }) => Object.assign(engine, { threads: 7, precision: 'bf16' })),
      /Expected: precision bf16, threads 7\. Received: precision f32, threads \d+\./,
    ],
    [
      'another recipe',
      [],
      (folder: string) =>
        editManifest(folder, (manifest) => {
          manifest.recipeHash = 'e'.repeat(64)
        }),
      /Expected: recipe e{12}\. Received: recipe \w{12}\./,
    ],
  ])('and refuses %s', async (_name, args, change, message) => {
    const { out, folder } = await stopped()
    change(folder)
    const engine = args.length > 0 ? args : ['--engine', 'wasm']
    const refused = await runCli('repro', run(out, ...engine, '--resume'))
    expect(refused.stderr).toMatch(/\[E_RESUME_MISMATCH\] The unfinished run .* cannot be continued.*Fix: .*--resume/)
    expect(refused.stderr).toMatch(message)
    expect(refused.code).toBe(2)
    expect(runFolder(out)).toBe(folder)
  })

  it('and notes another commit and version of the engine', async () => {
    const { out, folder } = await stopped()
    editManifest(folder, ({ engine, environment }) => {
      engine.version = '0.0.1'
      environment.commit = 'c'.repeat(40)
    })
    const resumed = await runCli('repro', run(out, '--engine', 'wasm', '--resume'))
    expect(resumed.stderr).toMatch(/resumed in another environment.*version 0\.0\.1 → .*commit c{12} → /)
    expect(resumed.code).toBe(0)
    const { engine, environment, resumed: entries } = manifestOf(folder)
    expect([engine.version, environment.commit]).toEqual(['0.0.1', 'c'.repeat(40)])
    expect(entries).toEqual([
      expect.objectContaining({ seeds: [1], engine: expect.not.objectContaining({ version: '0.0.1' }) }),
    ])
    // Nothing was trained the second time, so nothing is noted.
    await runCli('repro', run(out, '--engine', 'wasm', '--resume'))
    expect(manifestOf(folder).resumed).toHaveLength(1)
  })

  it('and leaves a finished run of something else alone', async () => {
    const out = temporaryFolder()
    await runCli('repro', run(out, '--engine', 'cpu', '--epochs', '1'))
    const other = await runCli('repro', run(out, '--engine', 'wasm', '--epochs', '1', '--resume'))
    expect(other.stderr).toContain('nothing to resume, starting anew')
    expect(other.code).toBe(0)
  })
})

describe('a checkpoint that is gone', () => {
  it('is told of where the log shows that there was one, and the log stays', async () => {
    const { out, folder } = await stopped('epoch 1/3  train')
    const log = path.join(folder, 'seed-1.jsonl')
    const before = readFileSync(log, 'utf8')
    writeFileSync(log, `${before}{"event":"resume","step":6,"time":"2026-01-01T00:00:00.000Z"}\n`)
    rmSync(path.join(folder, 'checkpoint-1.safetensors'))
    const refused = await runCli('repro', run(out, '--engine', 'wasm', '--resume'))
    expect(refused.stderr).toMatch(
      /\[E_CHECKPOINT_MISSING\] The checkpoint of plain seed 1 is gone, so \d+ steps .*Fix:/,
    )
    expect(refused.code).toBe(2)
    expect(readFileSync(log, 'utf8')).toContain(before)

    renameSync(log, `${log}.away`)
    expect((await runCli('repro', run(out, '--engine', 'wasm', '--resume'))).code).toBe(0)
  })

  it('or never was is told of, and the seed is trained from its first step', async () => {
    const { out, folder } = await stopped()
    rmSync(path.join(folder, 'checkpoint-1.safetensors'))
    const again = await runCli('repro', run(out, '--engine', 'wasm', '--resume'))
    expect(again.stderr).toMatch(/stopped before its first checkpoint; its \d+ steps are trained again/)
    expect(again.code).toBe(0)
  })
})
