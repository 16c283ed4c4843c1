import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { smallFamily, writePhotos } from '../../test/photos.ts'
import { openPhotoFolder } from '../photos/dataset.ts'
import { renderBatch, renderBatchPage } from './batch-figures.ts'
import { renderDatasetPage, reportDataset } from './dataset-page.ts'
import { renderSamplePage, reportSamples } from './sample-page.ts'

test('the report counts classes and finds equal files with conflicting labels; the page shows both', async () => {
  const folder = await createFolder()
  await writePhotos(folder)
  await copyFile(path.join(folder, 'train/n001/train_n001_0.JPEG'), path.join(folder, 'val/n002/copy.JPEG'))
  const dataset = await openPhotoFolder(folder, {
    family: smallFamily,
    version: 2,
    onBadImage: 'fail',
    shrink: { train: 0, valid: 0 },
    notes: ['A <note>.'],
    cache: path.join(folder, 'index'),
    log: () => {},
  })
  const report = reportDataset(dataset)
  expect(report.classes).toEqual([
    { name: 'first', train: 3, valid: 2 },
    { name: 'second', train: 2, valid: 2 },
  ])
  expect(report.duplicates).toEqual([{ conflicting: true, leaking: true }])
  expect(report.files[0]!.map(({ label }) => label)).toEqual(['first', 'second'])
  const html = await renderDatasetPage('small', dataset, 2)
  expect(html).toContain('A &lt;note&gt;.')
  expect(html).toContain('1 group of byte-identical files: 1 with different labels, 1 in both splits')
  expect(html.match(/<img src="data:image\/jpeg;base64,/g)).toHaveLength(1 + 2 * 2 * 2)
})

test('a dataset without files is counted by reading it', async () => {
  const shape = [2, 3, 1] as const
  const labels = { train: [0, 1, 1, 0], valid: [1, 0] }
  // The last training image and the first one of validation are equal, under different labels.
  const levels = { train: [10, 20, 30, 99], valid: [99, 40] }
  const report = await reportSamples(
    {
      classes: ['low', '<high>'],
      digest: 'f'.repeat(64),
      size: (split) => labels[split].length,
      read: async (split, index) => ({
        shape,
        label: labels[split][index]!,
        pixels: new Uint8Array(6).fill(levels[split][index]!),
      }),
    },
    1,
  )
  expect(report.classes).toEqual([
    { name: 'low', train: 2, valid: 1 },
    { name: '<high>', train: 2, valid: 1 },
  ])
  expect(report.duplicates).toEqual([{ conflicting: true, leaking: true }])
  expect(report.files[0]!.map(({ file }) => file)).toEqual(['training image 3', 'validation image 0'])
  const html = await renderSamplePage('mine', report)
  expect(html).toContain('<h2>&lt;high&gt;</h2>')
  expect(html.match(/<img src="data:image\/jpeg;base64,/g)).toHaveLength(2 * 2)
})

test('a batch is shown as it was before normalisation, with its targets in words', async () => {
  await prepareEngine('cpu')
  const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] }
  const plain = [0.9, 0.1, 0.5]
  const values = Array.from({ length: 130 * 130 }, () =>
    plain.map((v, c) => (v - normalization.mean[c]!) / normalization.std[c]!),
  )
  const images = tf.tensor4d(values.flat(), [1, 130, 130, 3])
  const targets = tf.tensor2d([0.3, 0.7, 0], [1, 3])
  const figures = await renderBatch({ images, targets }, ['cat', 'dog', 'cow'], normalization)
  expect(figures).toContain('dog 0.70 · cat 0.30')
  const bytes = Buffer.from(/base64,([^"]+)/.exec(figures)![1]!, 'base64')
  const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  for (const [c, v] of plain.entries()) expect(Math.abs(data[c]! - 255 * v)).toBeLessThan(6)
  expect(images.isDisposed).toBe(false)
  const page = renderBatchPage('t', [{ title: 'a & b', text: 'x', figures }])
  expect(page).toContain('<h2>a &amp; b</h2>')
  // A caption wraps below its image; it does not make the figure wider.
  expect(page).toContain('.sheet figure { width: min-content;')
})
