import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { encodePhoto } from '@tricklab/testing/photos'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../src/command.ts'
import { linkedFolder, root } from './linked-folder.ts'

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const shortened = ['--engine', 'wasm', '--epochs', '1', '--limit-train', '64', '--limit-valid', '64', '--seeds', '1']

function runNode(args: readonly string[], cwd: string) {
  const env = { ...process.env, NO_COLOR: '1', VITEST: undefined, NODE_ENV: undefined }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env })
  return { status, output: `${stdout}${stderr}` }
}

/** What a page tells its reader to do. */
function readPage(name: string) {
  const text = readFileSync(path.join(root, 'docs', name), 'utf8')
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }))
  const files = blocks
    .filter(({ language }) => language === 'ts')
    .map(({ code }) => ({ file: /^\/\/ (\S+)\n/.exec(code)?.[1], code: code.slice(code.indexOf('\n') + 1) }))
  const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'))
  return {
    // What no file of the package holds is an aside, checked with all other pages.
    files: files.filter(({ file }) => file !== undefined),
    /** Files of photos that the reader puts beside the package. */
    photos: blocks.filter(({ language }) => language === 'text').flatMap(({ code }) => code.trim().split('\n')),
    commands,
    optionTable: blocks.find(({ language }) => language === 'md')!.code,
    claimedLines: Number(/<!-- lines -->(\d+) lines/.exec(text)?.[1]),
  }
}

/** Pages that say of their table that its rows learn. */
const learns = ['20-write-a-block.md', '23-write-an-optimizer.md', '24-write-a-model.md']

/** The name of the last run beside a place that says MOMENT. */
const lastRun = (place: string) => readdirSync(path.dirname(place)).toSorted().at(-1)!

const pages = [
  '20-write-a-block.md',
  '21-write-a-callback.md',
  '22-write-a-dataset.md',
  '23-write-an-optimizer.md',
  '24-write-a-model.md',
]

describe.each(pages)('%s, word by word', (name) => {
  const page = readPage(name)
  const [, component, kind] = /^npm create @tricklab\/plugin (\S+) -- --kind (\S+)$/.exec(page.commands[0]!)!
  const place = linkedFolder()
  const folder = path.join(place, `tricklab-plugin-${component}`)
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8')

  beforeAll(() => {
    const surroundings = { cwd: place, userAgent: 'npm/11.0.0', out: () => {}, error: () => {} }
    expect(run([component!, '--kind', kind!], surroundings)).toBe(0)
  })
  beforeAll(async () => {
    for (const photo of page.photos) {
      mkdirSync(path.dirname(path.join(folder, photo)), { recursive: true })
      writeFileSync(path.join(folder, photo), await encodePhoto(photo, 40, 32))
    }
  })
  afterAll(() => rmSync(place, { recursive: true, force: true }))

  test('its commands are those that the package has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: { [name: string]: string } }
    expect(page.commands).toContain(`cd tricklab-plugin-${component}`)
    for (const command of page.commands) {
      const script = /^npm (?:run )?(\S+)$/.exec(command)?.[1]
      if (script === undefined || script === 'install') continue
      expect(Object.keys(scripts), command).toContain(script)
    }
  })

  test('its files are those that the package has, and take their place', () => {
    expect(page.files.length).toBeGreaterThan(4)
    for (const { file, code } of page.files) {
      expect(file, code).toBeDefined()
      expect(existsSync(path.join(folder, file!)), file).toBe(true)
      writeFileSync(path.join(folder, file!), code)
    }
    const readme = read('README.md')
    const changed = readme.replace(/^\| option[\s\S]*?\n(?!\|)/m, page.optionTable)
    expect(changed).not.toBe(readme)
    writeFileSync(path.join(folder, 'README.md'), changed)
  })

  test('what it shows is free of type errors', () => {
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
    expect(runNode([compiler, '-p', '.', '--allowImportingTsExtensions'], folder)).toEqual({ status: 0, output: '' })
  })

  test('its tests are green', () => {
    const { status, output } = runNode([path.join(root, 'node_modules/vitest/vitest.mjs'), 'run'], folder)
    expect(status, output).toBe(0)
    expect(output).toMatch(/Test Files {2}2 passed \(2\)/)
  })

  test.each(page.commands.filter((command) => command.startsWith('npx tricklab ')))('%s', (command) => {
    const words = command
      .split(' ')
      .slice(2)
      .map((word) => word.replace('MOMENT', () => lastRun(path.join(folder, word))))
    const trains = words[0] === 'repro' || words[1] === 'ablate'
    const cli = path.join(root, 'packages/cli/src/bin/tricklab.ts')
    const { status, output } = runNode(['--import', tsx, cli, ...words, ...(trains ? shortened : [])], folder)
    expect(status, output).toBe(0)
    expect(output).toContain(words[1] === 'summary' && kind === 'block' ? 'xresnet-block' : component)
  })

  test.runIf(learns.includes(name))('its rows learn, and are not the same', () => {
    const cli = path.join(root, 'packages/cli/src/bin/tricklab.ts')
    const args = ['repro', './table.ts', '--engine', 'wasm', '--seeds', '1', '--json', '--out', 'whole']
    const { status, output } = runNode(['--import', tsx, cli, ...args], folder)
    expect(status, output).toBe(0)
    const { rows } = JSON.parse(
      output
        .trimEnd()
        .split('\n')
        .find((line) => line.startsWith('{'))!,
    )
    const accuracies = rows.map(({ measured }: { measured: { mean: number } }) => measured.mean)
    expect(accuracies).toHaveLength(2)
    // One of ten classes by chance.
    expect(Math.min(...accuracies)).toBeGreaterThan(0.5)
    expect(new Set(accuracies).size).toBe(2)
  })

  test('it counts the lines beside the maths, 25 at most', () => {
    const lines = (file: string) =>
      read(file)
        .split('\n')
        .filter((line) => line.trim() !== '')
    const naming = lines('table.ts').filter(
      (line) => new RegExp(`\\b${component}\\b`).test(line) && !/^ {2}(id|title):/.test(line),
    )
    const count = lines('src/index.ts').length + naming.length
    expect(page.claimedLines).toBe(count)
    expect(count).toBeLessThanOrEqual(25)
  })
})
