import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { drawDogPhotos } from './dog-photos.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let data: string
let cache: string

beforeAll(async () => {
  data = await drawDogPhotos()
  cache = temporaryFolder()
})

// Too little for decoded images, which is worth a notice.
const env = () => ({ TRICKLAB_CACHE: cache, TRICKLAB_OFFLINE: '1', TRICKLAB_DECODED_GB: '1e-6' })
const lab = (...args: string[]) => runCli('lab', args, { env: env() })
const count = (text: string, part: string | RegExp) => text.split(part).length - 1

describe('lab dataset', () => {
  test('counts classes, names equal files, and draws a contact sheet', async () => {
    const out = path.join(temporaryFolder(), 'dogs.html')
    const { code, stdout, stderr } = await lab('dataset', 'imagewoof2', '--data', data, '--out', out)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^imagewoof2: read .* 0\/50 photos$/m)
    expect(stdout).toMatch(/^class +train +valid\nShih-Tzu +3 +2\nRhodesian ridgeback +3 +2\n/)
    expect(stdout).toMatch(/\nall +30 +20\n/)
    expect(stdout).toMatch(
      /\ndigest [0-9a-f]{64}\nData: the folder imagewoof2 as given, not known to be the archive imagewoof2 that the recipe asks for\. It holds 30/,
    )
    expect(stdout).toContain(
      '1 group of equal files:\n  train/n02086240/n02086240_train_0.JPEG (Shih-Tzu) = ' +
        'val/n02087394/n02087394_val_0.JPEG (Rhodesian ridgeback): labels conflict, in both splits\n',
    )
    expect(stdout).toContain(`Contact sheet: ${out}\n`)
    const page = readFileSync(out, 'utf8')
    expect(page).toContain('1 group of byte-identical files: 1 with different labels, 1 in both splits.')
    // Fifty photos, and the one that lies there twice.
    expect(count(page, '<img src="data:image/jpeg;base64,')).toBe(51)
    expect(page).toContain('n02111889_train_1.JPEG<br>56 × 40')
    expect(page).not.toMatch(/<img src="(?!data:)|<script|<link/)
  })

  test('gives the same as JSON, without a page', async () => {
    const { code, json, stderr } = await lab('dataset', 'imagewoof', '--data', data, '--json')
    expect([code, stderr]).toEqual([0, expect.stringContaining('Version 1 rebuilt from version 2')])
    const { dataset, classes, files, duplicates, skipped } = json()
    // No file is called ILSVRC2012_val_*, so version 1 has nothing to validate with.
    expect([dataset, classes[3], skipped]).toEqual(['imagewoof', { name: 'English foxhound', train: 5, valid: 0 }, []])
    expect(duplicates).toEqual([{ conflicting: true, leaking: false }])
    expect(files).toEqual([
      [
        { file: 'train/n02086240/n02086240_train_0.JPEG', split: 'train', label: 'Shih-Tzu' },
        { file: 'val/n02087394/n02087394_val_0.JPEG', split: 'train', label: 'Rhodesian ridgeback' },
      ],
    ])
  })

  test('measures a training batch before and after normalisation', async () => {
    const { code, json } = await lab('dataset', 'imagewoof2', '--data', data, '--statistics', '--json')
    expect(code).toBe(0)
    const { images, size, before, after, error, printed } = json().statistics
    expect([images, size, printed]).toEqual([30, 224, null])
    expect(error).toBeLessThan(1e-4)
    // ImageNet's mean and deviation of the channel that differs most from the others.
    expect(after.mean[2]).toBeCloseTo((before.mean[2] - 0.406) / 0.225, 4)
    expect(after.std[0]).toBeCloseTo(before.std[0] / 0.229, 4)
    expect(before.std.every((value: number) => value > 0.05 && value < 0.5)).toBe(true)
  })

  test('takes the dataset of a row, which need not be one of photos', async () => {
    const { code, json } = await lab('dataset', `${fixture('tiny.ts')}#plain`, '--json')
    expect(code).toBe(0)
    expect(json().classes).toEqual(
      ['class 0', 'class 1', 'class 2'].map((name, i) => ({ name, train: i < 2 ? 59 : 58, valid: 16 })),
    )
    expect(json()).not.toHaveProperty('shown')
  })

  test('says what is wrong', async () => {
    const size = await lab('dataset', 'imagewoof2', '--archive', '200', '--data', data)
    expect([size.code, size.stderr]).toEqual([2, expect.stringContaining('E_OPTION_RANGE')])
    const other = await lab('dataset', 'imagenette2', '--data', data)
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('holds other photos than imagenette2')])
    const slip = await lab('dataset', 'imagenette2', '--data', `${data}x`)
    expect([slip.code, slip.stderr]).toEqual([2, expect.stringMatching(/E_ARGUMENT.*did you mean/)])
  })
})

describe('lab show', () => {
  test('draws training and validation images, and what the callbacks make of a batch', async () => {
    const out = path.join(temporaryFolder(), 'samples.html')
    const { code, stdout, stderr } = await lab('show', fixture('shown.ts'), '--data', data, '--out', out)
    expect([code, stdout]).toEqual([0, `Samples: ${out}\n`])
    // Both of its sources would say so.
    expect(
      count(stderr, /^decoded images would take 0\.1 GB, more than .*: photos are decoded anew in every epoch/m),
    ).toBe(1)
    expect(stderr).not.toContain('Warning')
    const [, training, validation, last] = readFileSync(out, 'utf8').split('<h2>') as [string, string, string, string]
    const images = (part: string) => [...part.matchAll(/base64,([^"]+)"/g)].map(([, bytes]) => bytes)
    // The same twelve photos four times, changed anew each time.
    expect(new Set(images(training)).size).toBe(48)
    expect([...training.matchAll(/<h3>(.+?)<\/h3>/g)].map(([, head]) => head)).toEqual(
      [1, 2, 3, 4].map((epoch) => `Epoch ${epoch}`),
    )
    expect(images(validation)).toHaveLength(12)
    expect(validation).toContain('<figcaption>Shih-Tzu</figcaption>')
    // Only what changes a batch is named, and what of it.
    expect(last).toContain('Its targets were changed by label-smoothing.')
    expect(last).not.toMatch(/watching|looking|images were changed/)
    // Label smoothing of 0.3 over ten classes: 0.73 for the right one.
    expect(images(last)).toHaveLength(24)
    expect(count(last, /<figcaption>[^<]+ 0\.73 · /)).toBe(24)
  })
})

const beside = fileURLToPath(new URL('../../../../shared/data', import.meta.url))

/** The re-encoded set: in TRICKLAB_DATA, or beside the repository. */
async function findArchive(): Promise<string | undefined> {
  for (const folder of [...(process.env.TRICKLAB_DATA ?? '').split(path.delimiter), beside]) {
    const file = path.join(folder, 'imagewoof2-224.tgz')
    if (folder !== '' && (await stat(file).catch(() => undefined))?.isFile()) return file
  }
  return undefined
}

test('lab dataset counts the real photos and finds the three conflicting pairs', { timeout: 600_000 }, async ({
  skip,
}) => {
  const archive = await findArchive()
  if (archive === undefined) return skip('imagewoof2-224.tgz is neither in TRICKLAB_DATA nor beside the repository')
  const { code, json } = await lab('dataset', 'imagewoof2', '--data', archive, '--json')
  expect(code).toBe(0)
  const { classes, files, duplicates } = json()
  // The published counts of the archive's folders.
  expect(classes.map(({ train }: { train: number }) => train)).toEqual([
    941, 942, 932, 580, 949, 943, 949, 928, 921, 940,
  ])
  expect(classes.map(({ valid }: { valid: number }) => valid)).toEqual([
    409, 408, 418, 224, 401, 407, 401, 422, 429, 410,
  ])
  const pairs = (files as { file: string }[][])
    .filter((_, index) => duplicates[index].conflicting)
    .map((group) => group.map(({ file }) => file).sort())
  expect(pairs.sort()).toEqual([
    ['train/n02087394/n02087394_12539.JPEG', 'val/n02089973/n02089973_2860.JPEG'],
    ['train/n02093754/n02093754_5915.JPEG', 'val/n02086240/n02086240_9520.JPEG'],
    ['val/n02093754/n02093754_4120.JPEG', 'val/n02096294/n02096294_1992.JPEG'],
  ])
})
