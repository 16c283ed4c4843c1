/**
 * A release, tried for real: a copy of the working tree is built, versioned and published by changesets to Verdaccio on
 * loopback; then its packages are installed from there into empty folders and used. Run by `pnpm test:publish`.
 *
 * Packages of others come from the registry that npm is set to; where none answers, what installs is skipped.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commitAll, copyWorkspace } from './copy.ts'
import { type PublicPackage, publicPackages } from './packages.ts'
import { type Registry, startRegistry } from './registry.ts'
import { createShell, type Shell, succeed } from './shell.ts'
import { checkTarball } from './tarball.ts'

const temporary = mkdtempSync(path.join(os.tmpdir(), 'tricklab-trial-'))
const workspace = path.join(temporary, 'workspace')
const hasNetwork = spawnSync('npm', ['view', 'picocolors', 'version'], { timeout: 30_000 }).status === 0
const compiler = ['c++', 'g++', 'clang++'].find((command) => spawnSync(command, ['--version']).status === 0)

/** Where Debian's package of FashionMNIST puts it; elsewhere it would be downloaded. */
const hasFashion = existsSync('/usr/share/datasets/fashion-mnist')

let registry: Registry
let shell: Shell
let published: PublicPackage[]

beforeAll(async () => {
  registry = await startRegistry(path.join(temporary, 'registry'))
  shell = createShell(temporary, ours())
  copyWorkspace(workspace)
  writeFileSync(path.join(workspace, '.npmrc'), registry.npmrc)
})

// npm is asked about our own packages while they are published: by these settings, never outside.
const ours = () => ({ 'npm_config_@tricklab:registry': registry.url })

afterAll(() => {
  registry?.stop()
  return rm(temporary, { recursive: true, force: true })
})

describe('a release', () => {
  test('begins with a clone in which the commands of the pages run', async () => {
    await succeed(shell(workspace, 'pnpm', 'install', '--frozen-lockfile', '--ignore-scripts', '--prefer-offline'))
    // What installing builds, but for the native engine: it is compiled once, where npm installs.
    await succeed(
      shell(workspace, 'pnpm', '--filter', '@tricklab/engine', '--filter', '@tricklab/data', 'run', 'prepare'),
    )
    const pages = ['README.md', 'docs/00-start-here.md'].map((page) => readFileSync(path.join(workspace, page), 'utf8'))
    const tables = [path.join(workspace, 'my-table.ts'), path.join(workspace, 'docs/notes/my-table.ts')]
    mkdirSync(path.dirname(tables[1]!))
    for (const file of tables) writeFileSync(file, exampleOf(pages[1]!))
    const commands = [...pages.flatMap((page) => commandsOf(page, '(?:npx -y pnpm@12|pnpm)')), ['repro', tables[1]!]]
    // Photographs are in no clone; measurements, and working through a plan, take too long. A scheduler need not be here:
    // tests of their own start one.
    const runnable = commands.filter(
      (words) =>
        !/imagewoof|^(bench|test)\b|lr-find|run-plan|--on /.test(words.join(' ')) &&
        (hasFashion || !/fashionmnist-resnets/.test(words.join(' '))),
    )
    expect(runnable.length).toBeGreaterThanOrEqual(hasFashion ? 12 : 6)
    for (const words of new Set(runnable.map((words) => words.join(' ')))) {
      const [name, target = ''] = words.split(' ')
      const trains = name === 'repro' && !['list', 'check', 'plan'].includes(target)
      // A plan measures the speed of the machine first, unless it is told.
      const told = target === 'plan' ? ['--images-per-second', '20'] : []
      const short = trains ? brief.slice(words.includes('--seeds') ? 2 : 0) : told
      const { code, stderr } = await shell(workspace, 'pnpm', ...words.split(' '), ...short)
      expect([words, code, stderr.slice(-2000)]).toEqual([words, 0, expect.anything()])
    }
    for (const file of tables) rmSync(file)
  })

  test('is versioned: every changeset is used up', async () => {
    await succeed(shell(workspace, process.execPath, 'node_modules/@changesets/cli/bin.js', 'version'))
    expect(readdirSync(path.join(workspace, '.changeset')).sort()).toEqual(['README.md', 'config.json'])
    published = publicPackages(workspace)
    const core = published.find(({ manifest }) => manifest.name === '@tricklab/core')!.manifest.version
    for (const { manifest } of published) {
      const range = manifest.peerDependencies?.['@tricklab/core']
      if (range !== undefined) expect(range, manifest.name).toBe(`^${core}`)
    }
    commitAll(workspace, 'Version packages')
  })

  test('is built and published', async () => {
    await succeed(shell(workspace, process.execPath, '--import', 'tsx', 'tools/build.ts'))
    const { stdout } = await succeed(
      shell(workspace, process.execPath, 'node_modules/@changesets/cli/bin.js', 'publish'),
    )
    for (const { manifest } of published) expect(stdout).toContain(`New tag:  ${manifest.name}@${manifest.version}`)
  })

  test('holds what it should, and nothing else', async () => {
    const problems: string[] = []
    for (const { manifest } of published) {
      const tail = manifest.name.split('/')[1]!
      const file = path.join(registry.storage, manifest.name, `${tail}-${manifest.version}.tgz`)
      problems.push(...(await checkTarball(file)).map((problem) => `${manifest.name}: ${problem}`))
    }
    expect(problems).toEqual([])
  })
})

const title = hasNetwork
  ? 'the published packages'
  : 'the published packages: skipped, the registry of npm does not answer'

describe.skipIf(!hasNetwork)(title, () => {
  test('run the pages: an empty folder, npx, and a table or a project of one', async () => {
    const folder = path.join(temporary, 'with-npx')
    mkdirSync(folder)
    // npx reads the registry of the folder that it is called in; apart from that there is only the table. The native
    // engine is compiled once, where npm installs.
    writeFileSync(path.join(folder, '.npmrc'), `${registry.npmrc}ignore-scripts=true\n`)
    const page = readFileSync(path.join(workspace, 'docs/00-start-here.md'), 'utf8')
    const example = exampleOf(page)
    writeFileSync(path.join(folder, 'my-table.ts'), example)
    writeFileSync(path.join(folder, 'awaiting.cts'), example.replace('\nexport default', '\nawait 1\n\nexport default'))
    // npx keeps what it once installed of a version, and another trial may have published the same number.
    const uncached = createShell(temporary, { ...ours(), npm_config_cache: path.join(temporary, 'npx-cache') })
    const npx = (...args: string[]) => uncached(folder, 'npx', '-y', '@tricklab/cli', ...args)
    const commands = commandsOf(page, 'npx -y @tricklab/cli')
    expect(commands).toEqual([
      ['repro', './my-table.ts'],
      ['init', 'my-study'],
    ])
    for (const command of commands) {
      const { stdout } = await succeed(npx(...command, ...(command[0] === 'repro' ? ['--json', ...brief] : [])))
      if (command[0] === 'init') continue
      const { rows } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
      expect(rows.map(({ row }: { row: string }) => row)).toEqual(['plain', 'mish', 'smooth'])
    }
    await succeed(npx('lab', 'explain', './awaiting.cts#smooth'))
    const wrong = await npx('repro', './my-table.ts#smoth')
    expect(wrong.stderr).toContain('did you mean "smooth"?')
    expect((await npx('repro', 'fashion')).stderr).toContain('`npx -y @tricklab/cli repro list`')
  })

  test('work where npm installed them', async () => {
    // One installation for the project that `init` made and for everything else that is published.
    const folder = path.join(temporary, 'with-npx/my-study')
    writeFileSync(path.join(folder, '.npmrc'), registry.npmrc)
    const names = published.map(({ manifest }) => manifest.name)
    await succeed(shell(folder, 'npm', 'install', '--prefer-offline', ...names))
    await succeed(shell(folder, 'npm', 'run', 'check'))
    const first = await succeed(shell(folder, 'npm', 'run', 'repro', '--', ...brief))
    expect(first.stderr).toContain('smooth')

    writeFileSync(path.join(folder, 'all.mjs'), importAll(published))
    const { stdout, stderr } = await succeed(shell(folder, process.execPath, 'all.mjs'))
    expect(stderr).toBe('')
    const kinds = JSON.parse(stdout) as Record<string, string[]>
    for (const { manifest } of published) {
      for (const entry of Object.keys(manifest.publishConfig?.exports ?? {})) {
        // Importing matchers extends vitest's `expect` and exports nothing.
        const least = entry === './matchers' ? 0 : 1
        const names = kinds[path.posix.join(manifest.name, entry)]
        expect(names?.length, `${manifest.name} ${entry}`).toBeGreaterThanOrEqual(least)
      }
    }

    const list = await succeed(shell(folder, 'npx', 'tricklab', 'repro', 'list', '--json'))
    expect(list.stdout).toContain('"table":"fashionmnist-resnets"')
    expect(list.stdout, 'accepted records come with the package').toContain('reproduced (')

    writeTable(folder)
    await typesAreKnown(folder)
    await reproduces(folder, 'wasm', 'npx')
    const addon = path.join(folder, 'node_modules/@tricklab/engine-native/dist/engine.node')
    expect(existsSync(addon), 'the native engine builds itself at install').toBe(compiler !== undefined)
    if (compiler !== undefined) await reproduces(folder, 'native', 'npx')
  })

  test('work where pnpm installed them, each with nothing but what it asks for', async () => {
    const folder = emptyFolder('with-pnpm')
    const names = ['cli', 'core', 'data', 'nn', 'optim', 'plugin-mixup', 'train'].map((name) => `@tricklab/${name}`)
    await succeed(shell(folder, 'pnpm', 'add', '--prefer-offline', ...names))
    const list = await succeed(shell(folder, 'pnpm', 'repro', 'list'))
    expect(list.stdout).toMatch(/^fashionmnist-resnets +conv/m)
    writeTable(folder)
    await reproduces(folder, 'wasm', 'pnpm')
  })
})

describe.skipIf(!hasNetwork)('a plugin of somebody else', () => {
  test('is created, tested, used in a table and packed', async () => {
    const folder = emptyFolder('with-plugin')
    await succeed(shell(folder, 'npm', 'create', '--yes', '@tricklab/plugin', 'cut-out', '--', '--kind', 'callback'))
    const plugin = path.join(folder, 'tricklab-plugin-cut-out')
    writeFileSync(path.join(plugin, '.npmrc'), registry.npmrc)
    await succeed(shell(plugin, 'npm', 'install', '--prefer-offline'))
    await succeed(shell(plugin, 'npm', 'run', 'check'))
    const tests = await shell(plugin, 'npm', 'test')
    expect(tests.stdout, tests.stderr).toMatch(/Tests +1 failed \| \d+ passed/)

    const run = await succeed(shell(plugin, 'npx', 'tricklab', 'repro', './table.ts', '--seeds', '1', '--json'))
    const { rows } = JSON.parse(run.stdout.trimEnd().split('\n').at(-1)!)
    expect(rows.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['measured', 'measured'])

    const packed = await succeed(shell(plugin, 'npm', 'pack', '--json'))
    const [{ files }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n')))
    expect(files.map(({ path: file }: { path: string }) => file)).toContain('dist/src/index.js')
  })
})

/** The example of the first page. */
const exampleOf = (page: string): string => /```ts\n(import \{ defineTable \}.*?)```/s.exec(page)![1]!

/** What follows a launcher in the commands of a page, word by word, without comments. */
function commandsOf(page: string, launcher: string): string[][] {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1]!).join('')
  return [...blocks.matchAll(new RegExp(`^${launcher} (.*)$`, 'gm'))].map((match) =>
    match[1]!
      .replace(/\s#\s.*$/, '')
      .trim()
      .split(/\s+/),
  )
}

/** What makes a training of any table one of seconds. */
const brief = ['--seed', '1', '--engine', 'wasm', '--epochs', '1', '--limit-train', '64', '--limit-valid', '64']

/** A folder of a user's, whose package manager knows where our packages are. */
function emptyFolder(name: string): string {
  const folder = path.join(temporary, name)
  mkdirSync(folder)
  writeFileSync(path.join(folder, '.npmrc'), registry.npmrc)
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "mine", "private": true, "type": "module" }\n')
  // pnpm asks which packages may run scripts at install, and holds back versions of the last day.
  writeFileSync(path.join(folder, 'pnpm-workspace.yaml'), pnpmSettings)
  return folder
}

const pnpmSettings = `minimumReleaseAgeExclude: ['@tricklab/*']
allowBuilds:
  '@tricklab/engine-native': false
  core-js: false
  esbuild: true
  sharp: false
  webgpu: false
`

/** A module that imports every entry of every package and prints the names that each exports. */
function importAll(packages: readonly PublicPackage[]): string {
  const entries = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.publishConfig?.exports ?? {}).map((entry) => path.posix.join(manifest.name, entry)),
  )
  return `const found = {}
for (const name of ${JSON.stringify(entries)}) found[name] = Object.keys(await import(name))
console.log(JSON.stringify(found))
`
}

const table = `import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import mixup from '@tricklab/plugin-mixup'

export default defineTable({
  id: 'mine',
  title: 'A table of my own',
  source: 'my desk',
  plugins: [data, nn, optim, mixup],
  base: {
    data: {
      dataset: { use: 'synthetic', classes: 3, imageSize: 12, trainSize: 176, validSize: 48 },
      normalize: { kind: 'none' },
      shuffle: true,
      dropLast: false,
    },
    model: { use: 'slowai-deeper-cnn', widths: [4, 4, 4, 4, 4] },
    loss: 'cross-entropy',
    optimizer: { use: 'adamw', learningRate: 0.01 },
    schedule: 'one-cycle',
    metrics: ['accuracy'],
    epochs: 3,
    batchSize: 32,
    seeds: [1, 2, 3],
    tolerance: 1,
  },
  rows: {
    mixed: { reported: { runs: [0.8, 0.85, 0.9] }, change: { callbacks: [{ use: 'mixup', alpha: 0.2 }] } },
  },
})
`

function writeTable(folder: string): void {
  writeFileSync(path.join(folder, 'my-table.ts'), table)
}

/** The compiler knows the options of a plugin from its published declarations. */
async function typesAreKnown(folder: string): Promise<void> {
  writeFileSync(path.join(folder, 'wrong-table.ts'), table.replace('alpha: 0.2', "alpha: 'much'"))
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--skipLibCheck',
  ]
  await succeed(shell(folder, 'npx', 'tsc', ...options, 'my-table.ts'))
  const wrong = await shell(folder, 'npx', 'tsc', ...options, 'wrong-table.ts')
  expect(wrong.stdout).toMatch(/wrong-table\.ts\(\d+,\d+\): error TS2322.*'string' is not assignable to type 'number'/s)
}

async function reproduces(folder: string, engine: string, runner: 'npx' | 'pnpm'): Promise<void> {
  const command = runner === 'npx' ? ['npx', 'tricklab'] : ['pnpm', 'exec', 'tricklab']
  const args = ['repro', './my-table.ts#mixed', '--engine', engine, '--jobs', '2', '--json']
  const { stdout } = await succeed(shell(folder, command[0]!, ...command.slice(1), ...args))
  const { rows } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
  expect(rows).toMatchObject([{ row: 'mixed', verdict: 'reproduced', engine, partial: false }])
  expect(rows[0].record, "runs lie in the user's folder").toMatch(/^runs\/mine\/mixed\//)
  const manifest = JSON.parse(readFileSync(path.join(folder, rows[0].record, 'manifest.json'), 'utf8'))
  expect(manifest.environment.plugins.mixup).toBe(
    published.find((one) => one.manifest.name === '@tricklab/plugin-mixup')!.manifest.version,
  )
}
