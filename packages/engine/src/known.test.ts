import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import { afterAll, expect, test, vi } from 'vitest'
import {
  defineEngine,
  type EngineDefinition,
  type EngineDriver,
  engineNames,
  prepareEngine,
  registerEngine,
} from './index.ts'
import { installedEngines, loadEngine } from './installed.ts'

const project = mkdtempSync(path.join(os.tmpdir(), 'tricklab-engines-'))
afterAll(() => rmSync(project, { recursive: true }))

const toy: EngineDefinition = {
  name: 'toy',
  precisions: ['f32', 'f8'],
  async prepare({ precision }) {
    await prepareEngine('cpu')
    return { backend: 'cpu', version: '1.0.0', device: 'a desk', threads: 1, details: `in ${precision}` }
  },
}

async function problemOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof TricklabError) return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

test('a registered engine is prepared by its name, in a precision of its own', async () => {
  expect(await problemOf(() => prepareEngine('toy'))).toContain('E_ENGINE_UNKNOWN')
  const engine = defineEngine(toy)
  registerEngine(engine)
  registerEngine(engine)
  expect(engineNames()).toEqual(['native', 'wasm', 'tensorflow', 'webgpu', 'cpu', 'toy'])
  expect(await prepareEngine('toy', { precision: 'f8' })).toMatchObject({
    name: 'toy',
    precision: 'f8',
    details: 'in f8',
  })
  expect(await problemOf(() => prepareEngine('toy', { precision: 'bf16' }))).toMatch(/E_PRECISION.*one of: f32, f8\./)
  const notices: string[] = []
  const preferring = { preferredPrecision: 'bf16', onNotice: (message: string) => notices.push(message) } as const
  expect(await prepareEngine('toy', preferring)).toMatchObject({ precision: 'f32', details: 'in f32' })
  expect(notices).toEqual([expect.stringContaining('the engine toy does not offer here')])
})

test('a second engine of a name is refused', async () => {
  registerEngine(defineEngine({ ...toy, name: 'once' }))
  expect(await problemOf(() => registerEngine(defineEngine({ ...toy, name: 'once' })))).toContain('E_ENGINE_CLASH')
  expect(await problemOf(() => registerEngine(defineEngine({ ...toy, name: 'wasm' })))).toMatch(
    /E_ENGINE_CLASH.*Tricklab/,
  )
})

test.each([
  ['a name in capitals', { ...toy, name: 'Toy' }],
  ['the name auto', { ...toy, name: 'auto' }],
  ['no f32', { ...toy, precisions: ['f8'] }],
])('%s is no definition', async (_what, definition) => {
  expect(await problemOf(() => defineEngine(definition))).toContain('E_ENGINE_DEFINITION')
})

test('what defineEngine did not make is no engine, and a backend that is not current is told', async () => {
  expect(await problemOf(() => registerEngine(toy as EngineDriver))).toContain('wrap it')
  registerEngine(
    defineEngine({ ...toy, name: 'idle', prepare: async () => ({ ...(await toy.prepare({})), backend: 'b' }) }),
  )
  expect(await problemOf(() => prepareEngine('idle'))).toMatch(/E_ENGINE_DEFINITION.*Expected: .*"b".*Received: "cpu"/)
})

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(project, file)), { recursive: true })
  writeFileSync(path.join(project, file), text)
}

test('engines of packages are found in their manifests, and loaded when they are asked for', async () => {
  const engines = { broken: './broken.mjs', other: './other.mjs', missing: './missing.mjs' }
  const dependencies = { maker: '*', 'not-there': '*' }
  write('package.json', JSON.stringify({ dependencies, devDependencies: { plain: '*' } }))
  write('node_modules/plain/package.json', JSON.stringify({ name: 'plain' }))
  write('node_modules/maker/package.json', JSON.stringify({ name: 'maker', tricklab: { engines } }))
  write('node_modules/maker/broken.mjs', 'export default (')
  write('node_modules/maker/other.mjs', 'export default { name: "other" }')
  write('deep/inside/file', '')
  const found = installedEngines(path.join(project, 'deep/inside'))
  const named = found.map(({ name, package: from }) => [name, from])
  expect(named).toEqual(Object.keys(engines).map((name) => [name, 'maker']))
  for (const one of found) expect(await problemOf(() => loadEngine(one))).toMatch(/E_ENGINE_DEFINITION.*maker/)
})

test('two packages that claim one name are told when it is asked for', async () => {
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(project)
  const tricklab = { engines: { shared: './engine.mjs', cpu: './engine.mjs' } }
  for (const name of ['one', 'two']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, tricklab }))
  }
  write('package.json', JSON.stringify({ dependencies: { one: '*', two: '*' } }))
  try {
    expect(engineNames().filter((name) => name === 'shared')).toEqual(['shared'])
    expect(await problemOf(() => prepareEngine('shared'))).toMatch(/E_ENGINE_CLASH.*by one and two\./)
    expect(await problemOf(() => prepareEngine('cpu'))).toMatch(/E_ENGINE_CLASH.*by Tricklab and one and two\./)
    expect(await problemOf(() => registerEngine(defineEngine({ ...toy, name: 'shared' })))).toContain('E_ENGINE_CLASH')
  } finally {
    cwd.mockRestore()
  }
})
