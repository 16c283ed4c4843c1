import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type EngineDriver, registerEngine } from '@tricklab/engine'
import { train } from '@tricklab/train'
import { describe, expect, it } from 'vitest'
import tiny from './fixtures/tiny.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

/** A project that depends on the package with the toy engine. */
function projectWithToy(): string {
  const folder = temporaryFolder()
  const modules = path.join(folder, 'node_modules')
  mkdirSync(path.join(modules, '@tricklab'), { recursive: true })
  for (const name of ['core', 'engine']) {
    symlinkSync(path.resolve(import.meta.dirname, '../..', name), path.join(modules, '@tricklab', name))
  }
  cpSync(fixture('toy-engine'), path.join(modules, 'tricklab-engine-toy'), { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "mine", "dependencies": { "tricklab-engine-toy": "1" } }')
  return folder
}

describe('an engine of another package', () => {
  it('trains a row by its name, is in the record, and is examined by the doctor', async () => {
    const cwd = projectWithToy()
    const limits = ['--epochs', '1', '--limit-train', '32', '--limit-valid', '16']
    const args = ['repro', `${fixture('tiny.ts')}#plain`, '--engine', 'toy', '--seed', '1', ...limits, '--json']
    const trained = await runCli('tricklab', args, { cwd })
    expect(trained.stderr).toContain('Report:')
    expect(trained.json().rows[0]).toMatchObject({ engine: 'toy', precision: 'f32' })
    const examined = await runCli('tricklab', ['lab', 'doctor', 'toy', '--json'], { cwd })
    expect(JSON.parse(examined.stdout)).toMatchObject([
      { name: 'toy', works: true, version: '1.2.3', device: 'a desk', notes: ['borrowed kernels'], missingKernels: [] },
    ])
  })

  it('trains through the public API', async () => {
    const { default: toy } = (await import(fixture('toy-engine/toy.js'))) as { default: EngineDriver }
    registerEngine(toy)
    const limits = { epochs: 1, limitTrain: 32, limitValid: 16 }
    const training = await train(tiny, { row: 'plain', engine: 'toy', limits })
    expect(training.classes).toHaveLength(3)
    training.dispose()
  })
})
