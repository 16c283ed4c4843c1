import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createRegistry, createRng, listParams } from '@tricklab/core'
import { encodeSafetensors, type StoredTensors } from '@tricklab/core/checkpoint'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { nn, toPublished } from '@tricklab/nn'
import { encodePhoto } from '@tricklab/testing/photos'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCli, temporaryFolder } from './run-cli.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const page = readFileSync(path.join(root, 'docs/25-your-own-photos.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === language).map((match) => match[2]!)

// What trains is cut short: the page's claim is that every step works, not how well a network of noise does.
const shortened = ['--engine', 'wasm', '--epochs', '1', '--limit-train', '16', '--limit-valid', '4']

const cwd = temporaryFolder()
const env = { TRICKLAB_CACHE: path.join(cwd, 'cache') }
const [table] = blocks('ts')
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'))
let sha256 = ''
let run = ''

/** Runs a command of the page in the reader's folder. */
async function follow(command: string) {
  expect(command).toMatch(/^npx tricklab (lab|repro) /)
  const words = command
    .replace(/runs\/\S+/, run)
    .split(' ')
    .slice(2)
  return runCli('tricklab', [...words, ...(words[0] === 'repro' ? shortened : [])], { cwd, env })
}
const commandWith = (words: string) => commands.find((command) => command.includes(words))!

beforeAll(async () => {
  mkdirSync(path.join(cwd, 'node_modules/@tricklab'), { recursive: true })
  for (const name of ['core', 'data', 'nn', 'optim'])
    symlinkSync(path.join(root, 'packages', name), path.join(cwd, 'node_modules/@tricklab', name))
  writeFileSync(path.join(cwd, 'package.json'), '{ "name": "mine", "private": true, "type": "module" }\n')
  const classes = blocks('text')[0]!
    .match(/^ {2}\w+(?=\/)/gm)!
    .map((name) => name.trim())
  expect(classes).toEqual(['cat', 'dog'])
  for (const name of classes) {
    mkdirSync(path.join(cwd, 'photos', name), { recursive: true })
    for (let index = 0; index < 12; index++)
      writeFileSync(
        path.join(cwd, 'photos', name, `${index}.jpg`),
        await encodePhoto(`${name} ${index}`, 40 + index, 36),
      )
  }
  writeFileSync(path.join(cwd, 'new.jpg'), await encodePhoto('new', 50, 60))
})

/** A resnet18 of 1000 classes under timm's names, as one would fetch it. */
async function writePublished(file: string): Promise<void> {
  await prepareEngine('cpu')
  const registry = createRegistry([nn])
  const normal = normalizeModel('resnet18', registry, 'test', [])
  const model = createModel(registry, normal, { imageShape: [64, 64, 3], classes: 1000, init: createRng(5) })
  const values: StoredTensors = Object.fromEntries(
    listParams(model.params).map(({ path: name, value }) => [
      name,
      { dtype: 'float32', shape: value.shape, data: value.dataSync() as Float32Array },
    ]),
  )
  const published = toPublished(model.params, values, registry.component('model', 'resnet18').publishedName!, file)
  writeFileSync(file, Buffer.concat(encodeSafetensors(published, {})))
  model.dispose()
}

describe.sequential('docs/25-your-own-photos.md, word by word', () => {
  it('imports the weights', async () => {
    await writePublished(path.join(cwd, 'resnet18.safetensors'))
    const imported = await follow(commandWith('import-weights'))
    expect(imported.code, imported.stderr).toBe(0)
    sha256 = /SHA-256: ([0-9a-f]{64})/.exec(imported.stderr)![1]!
  })

  it('writes the table, with the SHA-256 that was printed', () => {
    const [, name, code] = /^\/\/ (\S+)\n([\s\S]*)$/.exec(table!)!
    expect(name).toBe('pets.ts')
    expect(page).toMatch(/instead of `SHA-256 OF THE WEIGHTS`/)
    expect(code).toContain("'SHA-256 OF THE WEIGHTS'")
    writeFileSync(path.join(cwd, name!), code!.replace('SHA-256 OF THE WEIGHTS', sha256))
    for (const command of commands.filter((text) => !text.includes('import-weights')))
      expect(command).toContain('./pets.ts')
  })

  it('looks at the photos', async () => {
    const dataset = await follow(commandWith('lab dataset'))
    expect(dataset.stderr + dataset.stdout).toContain('A share of 0.2 of every class validates')
    expect(dataset.stdout).toMatch(/cat +10 +2\n *dog +10 +2\n/)
    expect(dataset.code).toBe(0)
    const shown = await follow(commandWith('lab show'))
    expect(shown.code, shown.stderr).toBe(0)
  })

  it('trains both rows', async () => {
    const trained = await follow(commandWith('npx tricklab repro ./pets.ts'))
    expect(trained.code, trained.stderr).toBe(0)
    expect(trained.stderr).toMatch(/^scratch .*\n(.*\n)*transfer /m)
    const moments = readdirSync(path.join(cwd, 'runs/pets/transfer'))
    expect(moments).toHaveLength(1)
    run = `runs/pets/transfer/${moments[0]}`
    expect(existsSync(path.join(cwd, run, 'manifest.json'))).toBe(true)
  })

  it('uses the network: classes of a new photo, its mistakes, and an export', async () => {
    const predicted = await follow(commandWith('lab predict'))
    expect(predicted.code, predicted.stderr).toBe(0)
    expect(predicted.stdout).toMatch(/new\.jpg[\s\S]*(cat|dog)[\s\S]*%/)
    const interpreted = await follow(commandWith('lab interpret'))
    expect(interpreted.code, interpreted.stderr).toBe(0)
    const exported = await follow(commandWith('lab export'))
    expect(exported.code, exported.stderr).toBe(0)
    expect(exported.stdout + exported.stderr).toMatch(/\.onnx/)
  })
})
