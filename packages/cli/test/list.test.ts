import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { ListedComponent } from '../src/lab/list/components.ts'
import { createGlob } from '../src/lab/list/glob.ts'
import { runCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const list = (...args: string[]) => runCli('lab', ['list', ...args])

describe('a pattern', () => {
  it.each([
    ['xresnet*', ['xresnet18', 'xresnet101'], ['resnet18', 'my-xresnet18']],
    ['*net?0', ['xresnet50', 'resnet50'], ['resnet18', 'net']],
    ['resnet[15]*', ['resnet18', 'resnet50'], ['resnet34']],
    ['resnet[!1]*', ['resnet34', 'resnet50'], ['resnet18']],
    ['a.b+(c', ['a.b+(c', 'A.B+(C'], ['aXb+(c']],
  ])('%s', (pattern, fitting, others) => {
    const fits = createGlob(pattern)
    expect(fitting.map(fits)).toEqual(fitting.map(() => true))
    expect(others.map(fits)).toEqual(others.map(() => false))
  })

  it('is refused where a range runs backwards', () => {
    expect(() => createGlob('[z-a]')).toThrow('E_ARGUMENT')
  })
})

describe('lab list', () => {
  let all: ListedComponent[]
  beforeAll(async () => {
    all = (await list('--json')).json()
  })

  it('knows every plugin of the repository', () => {
    const folders = readdirSync(path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../plugins'))
    expect([...new Set(all.map(({ plugin }) => plugin))].sort()).toEqual([...folders, 'data', 'nn', 'optim'].sort())
    for (const { doc } of all) expect(doc).toMatch(/\.$/)
  })

  it('has line, options and paper of each', () => {
    const mixup = all.find(({ name }) => name === 'mixup')!
    expect(mixup).toMatchObject({ kind: 'callback', plugin: 'mixup', paper: 'arXiv:1710.09412' })
    expect(mixup.options.alpha).toMatchObject({ required: false, default: 0.4, doc: expect.stringMatching(/\w/) })
  })

  it('prints the models whose names fit, in the order of their sizes', async () => {
    const { code, stdout, stderr } = await list('xresnet*', '--kind', 'model')
    expect([code, stderr]).toEqual([0, ''])
    const heads = stdout.split('\n').filter((line) => line.startsWith('model '))
    expect(heads).toEqual(['18', '34', '50', '101', '152'].map((size) => `model xresnet${size} (plugin nn)`))
    expect(stdout).toContain('    layers: list of numbers, each a whole number from 1; default [2,2,2,2]. ')
  })

  it('refuses what fits nothing', async () => {
    const [none, kind] = await Promise.all([list('yresnet*'), list('--kind', 'blok')])
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('E_COMPONENT_UNKNOWN')])
    expect([kind.code, kind.stderr]).toEqual([2, expect.stringMatching(/E_ARGUMENT.*did you mean "block"\?/)])
  })
})
