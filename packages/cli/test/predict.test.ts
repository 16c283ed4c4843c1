import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import * as tf from '@tricklab/core/tf'
import { encodePng } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { type LoadedModel, loadModel } from '@tricklab/repro'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { drawDogPhotos } from './dog-photos.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const table = fixture('photos.ts')
// Neither the photos nor a download of them.
const alone = { TRICKLAB_OFFLINE: '1', TRICKLAB_DATA: '', TRICKLAB_CACHE: temporaryFolder() }

let data: string
let run: string
let photos: { file: string; label: number }[]
let model: LoadedModel

beforeAll(async () => {
  data = await drawDogPhotos()
  const out = temporaryFolder()
  const trained = await runCli('repro', [`${table}#plain`, '--engine', 'wasm', '--data', data, '--out', out])
  if (trained.code !== 0) throw new Error(trained.stderr)
  const rows = path.join(out, 'photos', 'plain')
  run = path.join(rows, readdirSync(rows)[0]!)
  const folder = path.join(data, 'imagewoof2', 'val')
  photos = readdirSync(folder)
    .sort()
    .flatMap((synset, label) =>
      readdirSync(path.join(folder, synset)).map((name) => ({ file: path.join(folder, synset, name), label })),
    )
  // In this process nothing leads to the photos either.
  for (const [name, value] of Object.entries(alone)) vi.stubEnv(name, value)
  await prepareEngine('wasm')
  model = await loadModel(run, { table })
})

afterAll(() => model?.dispose())

const recorded = () =>
  JSON.parse(readFileSync(path.join(run, 'seed-1.jsonl'), 'utf8').trimEnd().split('\n').at(-1)!).result

const predict = (...args: string[]) => runCli('lab', ['predict', run, '--table', table, ...args], { env: alone })

describe('a loaded model', () => {
  it('scores the validation photos, one by one, as the record', async () => {
    expect(photos).toHaveLength(20)
    let hits = 0
    let loss = 0
    const before = tf.memory().numTensors
    for (const { file, label } of photos) {
      const { ranked, probabilities } = await model.predict(file)
      const name = model.classes[label]!
      if (ranked[0]!.name === name) hits += 1
      loss -= Math.log(probabilities[name]!)
      expect(Object.values(probabilities).reduce((sum, p) => sum + p)).toBeCloseTo(1, 5)
    }
    expect(tf.memory().numTensors).toBe(before)
    expect(hits / photos.length).toBe(recorded().accuracy)
    expect(loss / photos.length).toBeCloseTo(recorded().loss, 5)
  })

  it('takes a path, the bytes of a file, or a tensor of pixels for the same image', async () => {
    const { file } = photos[3]!
    expect(await model.predict(readFileSync(file))).toEqual(await model.predict(file))
    const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, index) => (index * index * 7) % 256)
    const png = await model.predict(encodePng(pixels, 40, 30, 3))
    const tensor = tf.tensor3d(pixels, [30, 40, 3], 'int32')
    expect(await model.predict(tensor)).toEqual(png)
    expect(await model.predict(tf.expandDims<tf.Tensor4D>(tensor, 0))).toEqual(png)
    await expect(model.predict(tf.cast(tensor, 'float32'))).rejects.toThrow(/E_SHAPE.*int32.*float32 \[30, 40, 3\]/s)
    await expect(model.predict(tf.add(tensor, tf.scalar(1, 'int32')))).rejects.toThrow(/E_SHAPE.*outside of 0 to 255/s)
  })

  it('scores several views where a predictor is named', async () => {
    const { default: tta } = await import('@tricklab/plugin-tta')
    const options = { table, predictor: { use: 'tta', views: 2 }, plugins: [tta] }
    const viewing = await loadModel(run, options)
    const { file } = photos[0]!
    const { probabilities } = await viewing.predict(file)
    expect(Object.values(probabilities).reduce((sum, p) => sum + p)).toBeCloseTo(1, 5)
    expect(probabilities).not.toEqual((await model.predict(file)).probabilities)
    expect((await viewing.predict(file)).probabilities).toEqual(probabilities)
    viewing.dispose()
    await expect(loadModel(run, { ...options, predictor: { use: 'tta', view: 2 } })).rejects.toThrow('E_OPTION_UNKNOWN')
  })
})

describe('lab predict', () => {
  it('prints the likeliest classes of files, without the dataset', async () => {
    const files = [photos[0]!.file, photos[11]!.file]
    const { code, stdout, stderr } = await predict(...files, '--top', '2')
    expect([code, stderr]).toEqual([0, ''])
    const { ranked } = await model.predict(files[0]!)
    const line = ({ name, probability }: (typeof ranked)[number]) =>
      `${(100 * probability).toFixed(1).padStart(7)} %  ${name}`
    expect(stdout.split('\n').slice(0, 3)).toEqual([files[0], ...ranked.slice(0, 2).map(line)])
    const result = (await predict(...files, '--json')).json()
    expect(result).toMatchObject({ table: 'photos', row: 'plain', seed: 1, predictor: null })
    expect(result.images.map(({ image }: { image: string }) => image)).toEqual(files)
    expect(result.images[0].classes).toEqual(ranked.slice(0, 3))
  })

  it('takes indices of the validation split beside files', async () => {
    const args = ['7', photos[7]!.file, '--data', data, '--with', 'tta', '--beta', '1', '--json']
    const { images, predictor } = (await predict(...args)).json()
    expect(images[0].classes).toEqual(images[1].classes)
    expect(predictor).toMatchObject({ use: 'tta', beta: 1 })
  })

  it('refuses what is no image, and what is no run with weights', async () => {
    const folder = temporaryFolder()
    const text = path.join(folder, 'notes.jpg')
    writeFileSync(text, 'no image')
    mkdirSync(path.join(folder, 'empty'))
    const refusals: [string[], RegExp][] = [
      [[text], /E_ARGUMENT.*notes\.jpg.*it is no JPEG, PNG, WebP, AVIF, TIFF or GIF/s],
      [[path.join(folder, 'none.jpg')], /E_ARGUMENT.*There is no image .*none\.jpg/s],
      [[folder], /E_ARGUMENT.*is not a file/s],
      [[photos[0]!.file, '--top', '0'], /E_ARGUMENT.*--top/s],
      [[photos[0]!.file, '--seed', '4'], /E_RUN_UNKNOWN.*no finished seed 4/s],
      [[photos[0]!.file, '--views', '3'], /E_ARGUMENT.*--with tta/s],
      [['3'], /E_DATASET_MISSING/],
    ]
    await Promise.all(
      refusals.map(async ([args, message]) => {
        const { code, stderr } = await predict(...args)
        expect(stderr).toMatch(message)
        expect(code).toBe(2)
      }),
    )
    const none = await runCli('lab', ['predict', path.join(folder, 'empty'), text])
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('E_RUN_UNKNOWN')])
  })
})

describe('lab cam', () => {
  it('draws files without the dataset, and the file of now where it was replaced', async () => {
    const folder = temporaryFolder()
    const file = path.join(folder, 'dog.jpg')
    const args = [
      'cam',
      run,
      file,
      '--table',
      table,
      '--engine',
      'wasm',
      '--out',
      path.join(folder, 'page.html'),
      '--json',
    ]
    const probabilities = []
    for (const pixel of [0, 200]) {
      writeFileSync(file, encodePng(new Uint8Array(40 * 30 * 3).fill(pixel), 40, 30, 3))
      const { code, stderr, json } = await runCli('lab', args, { env: alone })
      expect([code, stderr]).toEqual([0, ''])
      const [image] = json().images
      const { ranked } = await model.predict(file)
      expect(image.classes[0].name).toBe(ranked[0]!.name)
      expect(image.classes[0].probability).toBeCloseTo(ranked[0]!.probability, 5)
      probabilities.push(image.classes[0].probability)
    }
    expect(probabilities[0]).not.toBe(probabilities[1])
  })
})

it('a run without its weights cannot be asked', async () => {
  rmSync(path.join(run, 'seed-1.safetensors'))
  await expect(loadModel(run, { table })).rejects.toThrow(/E_RUN_UNKNOWN.*no weights/s)
})
