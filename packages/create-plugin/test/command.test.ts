import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { help, run } from '../src/command.ts'
import { readName, templateKinds } from '../src/index.ts'
import { rangeOf, toolRanges } from '../src/manifest.ts'
import { root } from './linked-folder.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-create-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(path.join(folder, 'case-'))
})

function create(args: readonly string[], userAgent = 'pnpm/12.0.0 npm/? node/v20.19.0') {
  const written = { out: '', error: '' }
  const code = run(args, {
    cwd,
    userAgent,
    out(text) {
      written.out += text
    },
    error(text) {
      written.error += text
    },
  })
  return { code, ...written }
}

const read = (file: string) => readFileSync(path.join(cwd, file), 'utf8')
const manifestOf = (place: string) => JSON.parse(read(`${place}/package.json`))

describe('names', () => {
  test.each([
    ['cut-out', 'tricklab-plugin-cut-out', 'cut-out', 'cutOut', 'Cut out'],
    ['tricklab-plugin-mix2', 'tricklab-plugin-mix2', 'mix2', 'mix2', 'Mix2'],
    ['@me/tricklab-plugin-cut-out', '@me/tricklab-plugin-cut-out', 'cut-out', 'cutOut', 'Cut out'],
  ])('%s is %s', (text, name, component, camel, sentence) => {
    expect(readName(text)).toMatchObject({ package: name, component, camel, sentence })
  })

  test.each([
    ['CutOut', 'tricklab-plugin-cut-out'],
    ['cut_out', 'tricklab-plugin-cut-out'],
    ['2cute', 'tricklab-plugin-cute'],
    ['Größe', 'tricklab-plugin-gro-e'],
    ['', 'tricklab-plugin-my-trick'],
    ['../evil', 'tricklab-plugin-evil'],
    ['class', 'tricklab-plugin-class-trick'],
    ['opt', 'tricklab-plugin-opt-trick'],
    ['@me/cut-out', '@me/tricklab-plugin-cut-out'],
    ['@Me/cut-out', '@me/tricklab-plugin-cut-out'],
    ['@tricklab/plugin-cut-out', 'tricklab-plugin-cut-out'],
    ['@/x', 'tricklab-plugin-x'],
  ])('%j is refused, and the nearest good name offered: %s', (text, offered) => {
    expect(() => readName(text)).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringContaining(`did you mean "${offered}"?`) }),
    )
    expect(readName(offered).package).toBe(offered)
  })

  test('whatever is offered is a good name, and a name that is too long is said to be so', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ maxLength: 250 }))
    fc.assert(
      fc.property(texts, (text) => {
        let message = ''
        try {
          readName(text)
        } catch (error) {
          message = (error as Error).message
        }
        const offered = /did you mean "([^"]+)"\?$/.exec(message)?.[1]
        if (message === '' || /choose a shorter name/.test(message)) return
        expect(readName(offered!).package).toBe(offered)
      }),
    )
    expect(() => readName('a'.repeat(200))).toThrow('choose a shorter name')
    expect(readName('a'.repeat(198)).package).toHaveLength(214)
  })
})

describe('the command', () => {
  test('makes a package with everything in it, under the given names alone', () => {
    const { code, out, error } = create(['@me/tricklab-plugin-cut-out', '--kind', 'callback'])
    expect({ code, error }).toEqual({ code: 0, error: '' })
    const place = 'tricklab-plugin-cut-out'
    const files = readdirSync(path.join(cwd, place), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(path.join(cwd, place), path.join(entry.parentPath, entry.name)))
      .sort()
    expect(files).toEqual([
      '.changeset/config.json',
      '.changeset/first-release.md',
      '.github/workflows/ci.yml',
      '.github/workflows/release.yml',
      '.gitignore',
      'README.md',
      'package.json',
      'pnpm-workspace.yaml',
      'src/cut-out.ts',
      'src/index.ts',
      'table.ts',
      'test/contract.test.ts',
      'test/cut-out.test.ts',
      'tsconfig.build.json',
      'tsconfig.json',
      'vitest.config.ts',
    ])
    for (const file of files) {
      expect(out).toContain(`  ${file}\n`)
      expect(read(`${place}/${file}`), file).not.toMatch(/my-?trick|PACKAGE_MANAGER|OPTION_TABLE/i)
    }
    expect(out).toContain(`cd ${place}\n  pnpm install\n  pnpm test`)
    expect(read(`${place}/.changeset/first-release.md`)).toContain('"@me/tricklab-plugin-cut-out": minor')
    expect(read(`${place}/.github/workflows/ci.yml`)).toContain('run: npx -y pnpm@12 install')
    expect(read(`${place}/README.md`)).toContain('pnpm add @me/tricklab-plugin-cut-out')
  })

  test('makes a manifest that npm and recipes understand', () => {
    create(['cut-out', '--kind', 'block'], 'npm/11.0.0 node/v20.19.0')
    const manifest = manifestOf('tricklab-plugin-cut-out')
    const core = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../core/package.json'), 'utf8')) as {
      version: string
    }
    expect(manifest).toMatchObject({
      name: 'tricklab-plugin-cut-out',
      keywords: ['tricklab-plugin', 'block', 'cut-out'],
      peerDependencies: { '@tricklab/core': `^${core.version}`, '@tricklab/nn': rangeOf('@tricklab/nn') },
      scripts: { prepack: 'npm run build' },
    })
    expect(Object.keys(manifest.devDependencies)).toEqual(
      expect.arrayContaining(['@tricklab/testing', '@changesets/cli', 'vitest', 'typescript']),
    )
    const ranges = Object.values({ ...manifest.devDependencies, ...manifest.peerDependencies })
    for (const range of ranges) expect(range).toMatch(/^\^\d+\.\d+\.\d+$/)
  })

  test.each(Object.keys(templateKinds))('has a template for the kind %s, named in its manifest', (kind) => {
    expect(create(['cut-out', '--kind', kind, '--folder', kind]).code).toBe(0)
    expect(manifestOf(kind).keywords).toEqual(['tricklab-plugin', kind, 'cut-out'])
    expect(read(`${kind}/src/index.ts`)).toContain(`on.${kind}('cut-out'`)
    expect(help).toContain(`  ${kind} `)
  })

  test('goes into an empty folder, a fresh repository too, and into no other', () => {
    mkdirSync(path.join(cwd, 'empty/.git'), { recursive: true })
    expect(create(['cut-out', '--folder', 'empty']).code).toBe(0)
    const again = create(['mix', '--folder', 'empty'])
    expect(again.code).toBe(2)
    expect(again.error).toMatch(
      /^✖ \[E_ARGUMENT\] The folder .*empty is not empty\. Expected: .* Fix: name another one/,
    )
    expect(readdirSync(path.join(cwd, 'empty/src')).sort()).toEqual(['cut-out.ts', 'index.ts'])
    writeFileSync(path.join(cwd, 'file'), '')
    expect(create(['mix', '--folder', 'file']).error).toContain('is a file')
  })

  test.each([
    [['CutOut'], 'did you mean "tricklab-plugin-cut-out"?'],
    [['cut-out', '--kind', 'blok'], 'did you mean "block"?'],
    [['cut-out', '--kind', 'schedule'], 'choose one of: callback, block'],
    [['cut-out', '--kind'], 'see --help'],
    [['cut-out', '--colour'], 'see --help'],
    [['cut', 'out'], 'More than one name'],
    [[], 'No name was given'],
  ])('%j is refused in the house form, and nothing is written', (args, text) => {
    const { code, out, error } = create(args)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(error).toMatch(/^✖ \[E_ARGUMENT\] .* Fix: .*\n$/)
    expect(error).toContain(text)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('says what the system refuses', () => {
    writeFileSync(path.join(cwd, 'file'), '')
    const { code, error } = create(['cut-out', '--folder', 'file/inside'])
    expect(code).toBe(2)
    expect(error).toContain('[E_OUT_WRITE]')
    expect(existsSync(path.join(cwd, 'file/inside'))).toBe(false)
  })

  test('shows help', () => {
    expect(create(['--help'])).toEqual({ code: 0, out: help, error: '' })
    expect(create(['-h']).out).toContain('npm create @tricklab/plugin NAME -- [--kind KIND]')
  })
})

test('the script of the root makes a package in the clone, and pnpm finds the packages beside it', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const [runner, file] = scripts['create-plugin'].split(' ')
  expect(runner).toBe('tsx')
  const made = mkdtempSync(path.join(os.tmpdir(), 'tricklab-script-'))
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', path.join(root, file), 'cut-out', '--folder', path.join(made, 'cut-out')],
    { cwd: root, encoding: 'utf8' },
  )
  expect(status, stderr).toBe(0)
  expect(readdirSync(path.join(made, 'cut-out'))).toContain('table.ts')
  rmSync(made, { recursive: true })
  expect(readFileSync(path.join(root, 'pnpm-workspace.yaml'), 'utf8')).toMatch(/^linkWorkspacePackages: true$/m)
})

test('the tools of a new package are those that this repository is tested with', () => {
  const manifest = path.join(import.meta.dirname, '../../../package.json')
  const { devDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { devDependencies: object }
  expect(Object.entries(toolRanges).map(([name, range]) => [name, range.slice(1)])).toEqual(
    Object.keys(toolRanges).map((name) => [name, (devDependencies as { [name: string]: string })[name]]),
  )
})
