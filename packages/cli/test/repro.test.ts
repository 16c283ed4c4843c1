import { type ChildProcess, execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createRng } from '@tricklab/core'
import { describe, expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'
import { comparable, logLines, runFolder, tiny } from './tiny-runs.ts'

const everyStep = ['--checkpoint-minutes', '0.0000001']

const weights = (folder: string, seed: number) => logLines(folder, seed).at(-1)!.weights

async function uninterrupted(seeds = '1', row = 'plain') {
  const out = temporaryFolder()
  const result = await runCli('repro', [tiny(row), '--engine', 'wasm', '--seed', seeds, '--out', out])
  expect(result.stderr).toContain('Report:')
  return { out, result, folder: runFolder(out, row) }
}

/** A file system of its own; undefined where none can be mounted. */
function smallDisk(size: string): { folder: string; remove(): void } | undefined {
  const folder = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return { folder, remove: () => execFileSync('umount', ['-l', folder]) }
}

/** Kills the process once its log has grown, and holds `text` if given, and `delay` milliseconds later at that. */
function killAfterFirstStep(child: ChildProcess, out: string, delay: number, row = 'plain', text = ''): void {
  let before: number | undefined
  const watch = setInterval(() => {
    const parent = path.join(out, 'tiny', row)
    const run = existsSync(parent) ? readdirSync(parent)[0] : undefined
    const log = path.join(parent, run ?? '', 'seed-1.jsonl')
    if (run === undefined || !existsSync(log)) return
    const { size } = statSync(log)
    before ??= size
    if (size === before || !readFileSync(log, 'utf8').includes(text)) return
    clearInterval(watch)
    setTimeout(() => child.kill('SIGKILL'), delay)
  }, 1)
  child.on('close', () => clearInterval(watch))
}

describe('a run', () => {
  it('ends with a verdict, a report and one JSON object', async () => {
    const out = temporaryFolder()
    const args = [tiny('plain'), '--engine', 'wasm', '--out', out, '--json']
    const result = await runCli('repro', args)
    expect(result.code).toBe(0)
    const { table, rows } = result.json()
    expect(table).toBe('tiny')
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      row: 'plain',
      metric: 'accuracy',
      verdict: 'reproduced',
      engine: 'wasm',
      partial: false,
    })
    expect(rows[0].measured.values).toHaveLength(2)
    expect(rows[0].measured.mean).toBeGreaterThan(0.5)

    const folder = runFolder(out)
    expect(rows[0].record).toBe(folder)
    expect(readdirSync(folder).sort()).toEqual(
      [
        'manifest.json',
        'report.html',
        'seed-1.jsonl',
        'seed-1.safetensors',
        'seed-2.jsonl',
        'seed-2.safetensors',
      ].sort(),
    )
    expect(readFileSync(path.join(folder, 'report.html'), 'utf8')).toContain('A table for tests')
    const steps = logLines(folder, 1).filter((line) => line.event === 'step')
    expect(steps).toHaveLength(18)
    expect(steps.map((line) => line.size).slice(0, 6)).toEqual([32, 32, 32, 32, 32, 16])
  })

  it('gives the same bits twice, in processes side by side, and other bits for another seed', async () => {
    const [one, two] = await Promise.all([uninterrupted('1,2'), temporaryFolder()])
    const beside = await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--jobs', '2', '--out', two])
    expect(beside.code).toBe(0)
    for (const seed of [1, 2]) {
      expect(comparable(runFolder(two), seed)).toEqual(comparable(one.folder, seed))
    }
    expect(weights(one.folder, 1)).not.toBe(weights(one.folder, 2))
  })

  it('of several rows leaves a page in every run, and one of all beside them', async () => {
    const out = temporaryFolder()
    const table = fixture('rows.ts')
    const short = ['--engine', 'wasm', '--epochs', '1', '--limit-train', '32', '--limit-valid', '16']
    const { stderr, code } = await runCli('repro', [table, ...short, '--seed', '1', '--out', out])
    expect(code).toBe(0)
    expect(stderr).toContain(`Report: ${path.join(out, 'rows/report.html')}`)
    for (const row of ['plain', 'wide']) {
      const page = readFileSync(path.join(runFolder(out, row, 'rows'), 'report.html'), 'utf8')
      expect(page.includes('wide')).toBe(row === 'wide')
    }
    expect(readFileSync(path.join(out, 'rows/report.html'), 'utf8')).toMatch(/plain.*wide/s)
  })

  it('exits 1 when a row falls short', async () => {
    const args = [tiny('impossible'), '--engine', 'wasm', '--out', temporaryFolder(), '--json']
    const result = await runCli('repro', args)
    // Two seeds of a tiny net vary more than the tolerance allows, or fall short: never is it a success.
    const [row] = result.json().rows
    expect(['falls-short', 'inconclusive']).toContain(row.verdict)
    expect(result.code).toBe(row.verdict === 'falls-short' ? 1 : 0)
  })

  it('is measured where nothing is documented, and partial when shortened', async () => {
    const measured = await runCli('repro', [tiny('undocumented'), '--seeds', '1', '--out', temporaryFolder(), '--json'])
    expect(measured.json().rows[0].verdict).toBe('measured')
    const short = ['--epochs', '1', '--limit-train', '64', '--limit-valid', '16']
    const partial = await runCli('repro', [
      tiny('plain'),
      '--seeds',
      '1',
      ...short,
      '--out',
      temporaryFolder(),
      '--json',
    ])
    expect(partial.json().rows[0]).toMatchObject({ verdict: 'partial', partial: true })
    expect(partial.code).toBe(0)
  })
})

describe('stopping', () => {
  it('finishes the step, saves and exits 3 on Ctrl-C; --resume gives the bits of an uninterrupted run', async () => {
    const { folder: whole } = await uninterrupted()
    const out = temporaryFolder()
    const args = [tiny('plain'), '--engine', 'wasm', '--seed', '1', '--out', out]
    let sent = false
    const stopped = await runCli('repro', args, {
      onStderr(text, child) {
        if (sent || !text.includes('epoch 1/3')) return
        sent = true
        child.kill('SIGINT')
      },
    })
    expect(stopped.code).toBe(3)
    expect(stopped.stderr).toContain('[E_INTERRUPTED]')
    expect(stopped.stderr).toContain('--resume')
    expect(readdirSync(runFolder(out))).toContain('checkpoint-1.safetensors')

    const resumed = await runCli('repro', [...args, '--resume'])
    expect(resumed.code).toBe(0)
    expect(comparable(runFolder(out), 1)).toEqual(comparable(whole, 1))
    expect(logLines(runFolder(out), 1).some((line) => line.event === 'resume')).toBe(true)
    expect(readdirSync(runFolder(out))).not.toContain('checkpoint-1.safetensors')
  })

  it('survives kill -9 at many moments', { timeout: 180_000 }, async () => {
    const { folder: whole } = await uninterrupted()
    const out = temporaryFolder()
    const args = [tiny('plain'), '--engine', 'wasm', '--seed', '1', '--out', out, ...everyStep]
    const draw = createRng(1).at('kill')
    const kills = 8
    for (let kill = 0; kill < kills; kill++) {
      // Some milliseconds after the first step: inside a step, a log line, a checkpoint, a rename, a validation.
      const delay = draw.integer(120)
      const killed = await runCli('repro', kill === 0 ? args : [...args, '--resume'], {
        onSpawn: (child) => killAfterFirstStep(child, out, delay),
      })
      expect(killed.stderr).not.toContain('[E_')
      expect(killed.signal).toBe('SIGKILL')
    }
    const resumed = await runCli('repro', [...args, '--resume'])
    expect(resumed.code).toBe(0)
    expect(comparable(runFolder(out), 1)).toEqual(comparable(whole, 1))
  })

  it('keeps the last good checkpoint when the disk is full, and goes on when there is room', async (context) => {
    const disk = smallDisk('256k')
    if (disk === undefined) return context.skip('a small file system can be mounted only by root on Linux')
    try {
      const { folder: whole } = await uninterrupted()
      const args = [tiny('plain'), '--engine', 'wasm', '--seed', '1', '--out', disk.folder, ...everyStep]
      await runCli('repro', args, { onStderr: (text, child) => text.includes('step 1/6') && child.kill('SIGINT') })
      const checkpoint = path.join(runFolder(disk.folder), 'checkpoint-1.safetensors')
      const good = readFileSync(checkpoint)
      // All but a few kilobytes: logs, locks and the manifest still fit, a checkpoint beside the old one does not.
      const filler = path.join(disk.folder, 'filler')
      const { bavail, bsize } = statfsSync(disk.folder)
      writeFileSync(filler, new Uint8Array((bavail - 5) * bsize))

      const full = await runCli('repro', [...args, '--resume'])
      expect(full.stderr).toMatch(/\[E_CHECKPOINT_WRITE\].*(ENOSPC|no space).*Fix:/)
      expect(full.code).toBe(3)
      expect(readFileSync(checkpoint)).toEqual(good)
      expect(readdirSync(runFolder(disk.folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])

      rmSync(filler)
      const resumed = await runCli('repro', [...args, '--resume'])
      expect(resumed.code).toBe(0)
      expect(comparable(runFolder(disk.folder), 1)).toEqual(comparable(whole, 1))
    } finally {
      disk.remove()
    }
  })

  it('does nothing more when everything is done', async () => {
    const { out, folder } = await uninterrupted()
    const before = readFileSync(path.join(folder, 'seed-1.jsonl'), 'utf8')
    const again = await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--seed', '1', '--out', out, '--resume'])
    expect(again.code).toBe(0)
    expect(readFileSync(path.join(folder, 'seed-1.jsonl'), 'utf8')).toBe(before)
  })
})

describe('a row with stages', () => {
  it('is explained stage by stage', async () => {
    const { stdout, code } = await runCli('lab', ['explain', tiny('staged')])
    expect(code).toBe(0)
    const [, first, second] = stdout.split(/^stage /m)
    expect(first).toContain('1 of 2: 2 epochs in batches of 32')
    expect(second).toContain('2 of 2: 3 epochs in batches of 24')
    expect(first).not.toContain('sgd has stepped')
    expect(second).toContain('sgd has stepped, at the rate of constant, its weight decay by flat-cosine')
  })

  it('counts epochs and steps on, names the stage of each line, and begins schedule and optimizer anew', async () => {
    const { folder, result } = await uninterrupted('1', 'staged')
    expect(result.stderr).toContain('epoch 5/5')
    const lines = logLines(folder, 1)
    const steps = lines.filter((line) => line.event === 'step')
    // 168 of the 224 images train: 6 batches of at most 32, then 7 of 24.
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 2 * 6 + 3 * 7 }, (_, index) => index + 1))
    expect(steps.map(({ stage, epoch, size }) => [stage, epoch, size])).toEqual([
      ...[0, 1].flatMap((epoch) => [32, 32, 32, 32, 32, 8].map((size) => [0, epoch, size])),
      ...[2, 3, 4].flatMap((epoch) => Array.from({ length: 7 }, () => [1, epoch, 24])),
    ])
    // A rate an update, of two batches each.
    const rates = steps.map(({ learningRate }) => learningRate)
    expect(rates.slice(0, 6).filter((rate, index) => rate === rates[index ^ 1])).toHaveLength(6)
    expect(new Set(rates.slice(0, 12)).size).toBeGreaterThan(4)
    expect(new Set(rates.slice(12))).toEqual(new Set([0.02]))
    expect(lines.filter((line) => line.event === 'epoch').map(({ stage, epoch }) => [stage, epoch])).toEqual([
      [0, 0],
      [0, 1],
      [1, 2],
      [1, 3],
      [1, 4],
    ])
  })

  it('shortens every stage with --epochs', async () => {
    const out = temporaryFolder()
    const args = [tiny('staged'), '--engine', 'wasm', '--seed', '1', '--epochs', '1', '--out', out, '--json']
    const result = await runCli('repro', args)
    expect(result.json().rows[0]).toMatchObject({ verdict: 'partial' })
    const epochs = logLines(runFolder(out, 'staged'), 1).filter((line) => line.event === 'epoch')
    expect(epochs.map(({ stage, epoch, step }) => [stage, epoch, step])).toEqual([
      [0, 0, 6],
      [1, 1, 13],
    ])
  })

  it('gives the same bits when killed within the second stage, and within a group of batches', {
    timeout: 180_000,
  }, async () => {
    const { folder: whole } = await uninterrupted('1', 'staged')
    const out = temporaryFolder()
    const args = [tiny('staged'), '--engine', 'wasm', '--seed', '1', '--out', out, ...everyStep]
    const draw = createRng(2).at('kill')
    const kills = 4
    for (let kill = 0; kill < kills; kill++) {
      const delay = draw.integer(60)
      const killed = await runCli('repro', kill === 0 ? args : [...args, '--resume'], {
        onSpawn: (child) => killAfterFirstStep(child, out, delay, 'staged', kill === 0 ? '"stage":1' : undefined),
      })
      expect(killed.stderr).not.toContain('[E_')
      expect(killed.signal).toBe('SIGKILL')
    }
    const resumed = await runCli('repro', [...args, '--resume'])
    expect(resumed.code).toBe(0)
    expect(comparable(runFolder(out, 'staged'), 1)).toEqual(comparable(whole, 1))
    const resumes = logLines(runFolder(out, 'staged'), 1).filter((line) => line.event === 'resume')
    expect(resumes.at(-1)!.step).toBeGreaterThan(12)
  })
})

describe('checkpoints that do not fit', () => {
  /** A run stopped after some steps, with a checkpoint of seed 1 and one of seed 2. */
  async function stopped() {
    const out = temporaryFolder()
    for (const seeds of ['1', '2']) {
      const resume = seeds === '1' ? [] : ['--resume']
      await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--seed', seeds, '--out', out, ...resume], {
        onStderr: (text, child) => {
          if (text.includes('epoch 1/3')) child.kill('SIGINT')
        },
      })
    }
    return { out, folder: runFolder(out) }
  }

  it('refuses one that is cut short, and keeps it', async () => {
    const { out, folder } = await stopped()
    const file = path.join(folder, 'checkpoint-1.safetensors')
    const cut = readFileSync(file).subarray(0, 3000)
    writeFileSync(file, cut)
    const result = await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--seed', '1', '--out', out, '--resume'])
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(/\[E_CHECKPOINT_CORRUPT\].*cut short.*Fix:/)
    expect(readFileSync(file)).toEqual(cut)
  })

  it('refuses to go on with a log that has lost lines, and keeps both', async () => {
    const { out, folder } = await stopped()
    const log = path.join(folder, 'seed-1.jsonl')
    const torn = readFileSync(log).subarray(0, -10)
    const args = [tiny('plain'), '--engine', 'wasm', '--seed', '1', '--out', out, '--resume']
    for (const damage of [() => writeFileSync(log, torn), () => rmSync(log)]) {
      damage()
      const result = await runCli('repro', args)
      expect(result.code).toBe(2)
      expect(result.stderr).toMatch(/\[E_CHECKPOINT_MISMATCH\].*seed-1\.jsonl is shorter than .*lines are lost.*Fix:/)
      expect(readdirSync(folder)).toContain('checkpoint-1.safetensors')
      if (existsSync(log)) expect(readFileSync(log)).toEqual(torn)
    }
  })

  it('refuses one of another seed', async () => {
    const { out, folder } = await stopped()
    cpSync(path.join(folder, 'checkpoint-2.safetensors'), path.join(folder, 'checkpoint-1.safetensors'))
    const result = await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--seed', '1', '--out', out, '--resume'])
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(/\[E_CHECKPOINT_MISMATCH\].*Expected: seed 1\. Received: seed 2\./)
  })
})

it.each([
  ['repro', ['list', '--json']],
  ['tricklab', ['repro', 'list', '--json']],
] as const)('%s %j prints JSON', async (program, args) => {
  const { code, stdout } = await runCli(program, [...args])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ table: 'fashionmnist-resnets', row: 'conv' }))
})

it('list shows the rows that have a part in their name', async () => {
  const { code, stdout } = await runCli('repro', ['list', 'Resnets/CONV', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).map(({ row }: { row: string }) => row)).toEqual(['conv'])
  const none = await runCli('repro', ['list', 'imagewof-128-5'])
  expect(none.stderr).toMatch(/\[E_TABLE_UNKNOWN\].*did you mean "imagewoof-128-5"\?/)
  expect(none.code).toBe(2)
})

describe('wrong input', () => {
  it.each([
    ['an unknown table', ['fashionmnist-resnet/conv'], 'E_TABLE_UNKNOWN', 'did you mean "fashionmnist-resnets"?'],
    ['an unknown row', ['fashionmnist-resnets/konv'], 'E_ROW_UNKNOWN', 'did you mean "conv"?'],
    ['no table', [], 'E_ARGUMENT', 'pnpm repro list'],
    ['an unknown option', ['fashionmnist-resnets', '--epoch', '1'], 'E_ARGUMENT', '--epochs'],
    ['an unknown engine', ['fashionmnist-resnets', '--engine', 'wams'], 'E_ENGINE_UNKNOWN', 'did you mean "wasm"?'],
    ['a count that is none', ['fashionmnist-resnets', '--epochs', '0'], 'E_ARGUMENT', 'a whole number from 1'],
    ['seeds that are none', ['fashionmnist-resnets', '--seed', '1,x'], 'E_ARGUMENT', '1,2,3'],
    [
      'a list as a count',
      ['fashionmnist-resnets', '--seeds', '2,'],
      'E_ARGUMENT',
      'Fix: name seeds with --seed: --seed 2.',
    ],
    ['lists as a count', ['fashionmnist-resnets', '--seeds', '3,4,5'], 'E_ARGUMENT', '--seed 3,4,5.'],
    ['a seed twice', ['fashionmnist-resnets', '--seed', '3,3'], 'E_ARGUMENT', 'every seed once'],
    [
      'count and list',
      ['fashionmnist-resnets', '--seeds', '2', '--seed', '3'],
      'E_ARGUMENT',
      "cannot be used with option '--seeds",
    ],
    ['a seed as a count', ['fashionmnist-resnets', '--seeds', '99999999999'], 'E_ARGUMENT', '--seed 99999999999.'],
    ['an unknown precision', ['fashionmnist-resnets', '--precision', 'f16'], 'E_PRECISION', 'bf16'],
    ['a file that is not there', ['./nothing.ts'], 'E_TABLE_UNKNOWN', 'nothing.ts'],
    ['a file without a table', ['./vitest.config.ts'], 'E_RECIPE', 'defineTable'],
    ['a folder that cannot be written', [tiny('plain'), '--out', '/dev/null/runs'], 'E_OUT_WRITE', '--out'],
    [
      'data that are not there',
      ['fashionmnist-resnets/conv', '--data', './recipe'],
      'E_ARGUMENT',
      'did you mean "recipes"?',
    ],
    ['a run that is not there', ['report', './nowhere'], 'E_RUN_UNKNOWN', 'manifest.json'],
  ])('answers %s with one clear message and exit code 2', async (_name, args, code, hint) => {
    const result = await runCli('repro', args)
    expect(result.stderr).toContain(`[${code}]`)
    expect(result.stderr).toContain(hint)
    expect(result.code).toBe(2)
    expect(result.stderr).not.toMatch(/^\s+at /m)
  })

  it('reports every mistake of a recipe at once, before anything starts', async () => {
    const out = temporaryFolder()
    const result = await runCli('repro', [fixture('broken.ts'), '--out', out])
    expect(result.code).toBe(2)
    for (const code of ['E_OPTION_UNKNOWN', 'E_OPTION_RANGE', 'E_COMPONENT_UNKNOWN', 'E_RECIPE']) {
      expect(result.stderr).toContain(`[${code}]`)
    }
    expect(result.stderr).toContain('did you mean "learningRate"?')
    expect(result.stderr).toContain('did you mean "one-cycle"?')
    expect(readdirSync(out)).toEqual([])
  })

  it('stops at a loss that is not finite, naming step, place and seed', async () => {
    const out = temporaryFolder()
    const result = await runCli('repro', [tiny('exploding'), '--engine', 'wasm', '--seed', '7', '--out', out])
    expect(result.code).toBe(4)
    expect(result.stderr).toMatch(/\[E_LOSS_NAN\].*at step \d+ \(epoch 1\), seed 7: (layer|parameter) "layers\/\d/)
    expect(JSON.parse(readFileSync(path.join(runFolder(out, 'exploding'), 'manifest.json'), 'utf8')).status).toEqual({
      7: 'failed',
    })
  })
})
