import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { prepareEngine } from '@tricklab/engine'
import { loadModel } from '@tricklab/repro'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { drawDogPhotos } from './dog-photos.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const table = fixture('photos.ts')
const out = temporaryFolder()
const page = path.join(out, 'page.html')
let data: string
let run: string

beforeAll(async () => {
  data = await drawDogPhotos()
  const trained = await runCli('repro', [`${table}#plain`, '--engine', 'wasm', '--data', data, '--out', out])
  if (trained.code !== 0) throw new Error(trained.stderr)
  const rows = path.join(out, 'photos', 'plain')
  run = path.join(rows, readdirSync(rows)[0]!)
})

const interpret = (...args: string[]) =>
  runCli('lab', ['interpret', run, '--table', table, '--data', data, '--out', page, ...args])

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

describe('lab interpret', () => {
  it('agrees with the record to the last bit, and with itself', async () => {
    const { code, stderr, json } = await interpret('--worst', '3', '--json')
    expect(stderr).not.toContain('✖')
    expect(code).toBe(0)
    const { samples, accuracy, scores, recorded, confusion, classes, bins, worst, calibrationError } = json()
    expect(scores).toEqual(recorded)
    expect([samples, accuracy]).toEqual([20, recorded.accuracy])
    expect(sum(confusion.flat())).toBe(20)
    expect(sum(confusion.map((counts: number[], index: number) => counts[index]!)) / 20).toBe(accuracy)
    expect(classes.map((one: { samples: number }) => one.samples)).toEqual(Array(10).fill(2))
    expect(sum(bins.map((bin: { samples: number }) => bin.samples))).toBe(20)
    expect(calibrationError).toBeGreaterThan(0)

    // The worst of all, by the probabilities of each file alone.
    await prepareEngine('wasm')
    const model = await loadModel(run, { table })
    const folder = path.join(data, 'imagewoof2', 'val')
    const losses: { file: string; loss: number }[] = []
    for (const [label, synset] of readdirSync(folder).sort().entries()) {
      for (const name of readdirSync(path.join(folder, synset))) {
        const file = path.join(folder, synset, name)
        const { probabilities } = await model.predict(file)
        losses.push({ file, loss: -Math.log(probabilities[model.classes[label]!]!) })
      }
    }
    model.dispose()
    const expected = losses.sort((a, b) => b.loss - a.loss).slice(0, 3)
    expect(worst.map(({ file }: { file: string }) => file)).toEqual(expected.map(({ file }) => file))
    for (const [index, { loss }] of expected.entries()) expect(worst[index].loss).toBeCloseTo(loss, 4)
  })

  it('draws a page with matrix, calibration and pictures', async () => {
    const { code, stdout } = await interpret('--worst', '5')
    expect([code, stdout]).toEqual([0, `Interpretation: ${page}\n`])
    const html = readFileSync(page, 'utf8')
    expect(html.match(/<image href="data:image\/png/g)).toHaveLength(5)
    for (const part of ['Confusion matrix', 'Class by class', 'Calibration', 'The greatest losses']) {
      expect(html).toContain(part)
    }
    expect(html).not.toMatch(/NaN|Infinity|undefined|null/)
    await interpret('--worst', '0')
    expect(readFileSync(page, 'utf8')).not.toContain('The greatest losses')
  })

  it('scores with a predictor, and refuses what it cannot score', async () => {
    const seen = (await interpret('--with', 'tta', '--views', '1', '--beta', '1', '--json')).json()
    expect(seen).toMatchObject({ predictor: { use: 'tta', views: 1 }, accuracy: seen.recorded.accuracy })
    const [seed, stray] = await Promise.all([interpret('--seed', '9'), interpret('--beta', '1')])
    expect([seed.code, seed.stderr]).toEqual([2, expect.stringContaining('E_RUN_UNKNOWN')])
    expect([stray.code, stray.stderr]).toEqual([2, expect.stringContaining('E_ARGUMENT')])
  })
})
