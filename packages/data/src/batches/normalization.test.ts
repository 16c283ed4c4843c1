import { createRng, type Sample } from '@tricklab/core'
import { expect, test } from 'vitest'
import { createMemoryDataset } from '../../test/memory-dataset.ts'
import { createNormalization, createPixelTable, scalarStatistics } from './normalization.ts'

const firstOf = (size: number) => ({ size, index: (position: number) => position })

test('mean and unbiased standard deviation of all pixels, in units of the pixel range', () => {
  const sample = (...pixels: number[]): Sample => ({ pixels: Uint8Array.from(pixels), shape: [1, 2, 1], label: 0 })
  const { mean, std } = scalarStatistics([sample(0, 51), sample(102, 255)])
  // torch.tensor([0, .2, .4, 1.]).mean(), .std(): 0.4 and sqrt((.16 + .04 + 0 + .36) / 3)
  expect(mean[0]).toBeCloseTo(0.4, 14)
  expect(std[0]).toBeCloseTo(Math.sqrt(0.56 / 3), 14)
})

test('images without content cannot be normalised', () => {
  const grey: Sample = { pixels: new Uint8Array(4).fill(7), shape: [2, 2, 1], label: 0 }
  expect(() => scalarStatistics([grey, grey])).toThrow('E_DATASET_CORRUPT')
})

test('the images are drawn by seed, without repetition, from the used part of the training split', async () => {
  const read: number[] = []
  const dataset = createMemoryDataset({ train: 50, valid: 1 })
  const watched = {
    ...dataset,
    readSync: (split: 'train' | 'valid', index: number) => {
      read.push(index)
      return dataset.readSync(split, index)
    },
  }
  const settle = (seed: number, images: number) =>
    createNormalization(watched, { kind: 'sample-scalar', images }, firstOf(20), 1, createRng(seed))
  const first = await settle(1, 8)
  expect(new Set(read).size).toBe(8)
  expect(Math.max(...read)).toBeLessThan(20)
  expect(await settle(1, 8)).toEqual(first)
  expect(await settle(2, 8)).not.toEqual(first)
  read.length = 0
  await settle(1, 1000)
  expect(read).toHaveLength(20)
})

test('fixed values must fit the channels', async () => {
  const dataset = createMemoryDataset({ train: 1, valid: 1 })
  const settle = (mean: number[], std: number[]) =>
    createNormalization(dataset, { kind: 'fixed', mean, std }, firstOf(1), 3, createRng(1))
  expect(await settle([0.5], [0.1, 0.2, 0.3])).toEqual({ mean: [0.5], std: [0.1, 0.2, 0.3] })
  for (const [mean, std] of [
    [[0.1, 0.2], [1]],
    [[0], [0]],
    [[0], [-1]],
    [[Number.NaN], [1]],
    [[], [1]],
  ] as const) {
    await expect(settle([...mean], [...std])).rejects.toThrow('E_OPTION_RANGE')
  }
  const none = createNormalization(dataset, { kind: 'sample-scalar', images: 0 }, firstOf(1), 1, createRng(1))
  await expect(none).rejects.toThrow('E_OPTION_RANGE')
})

test('each channel has its own values', () => {
  const table = createPixelTable({ mean: [0, 0.5], std: [0.25] }, 2)
  expect(table[255]).toBe(4)
  expect(table[256]).toBe(-2)
  expect(table[256 + 255]).toBe(2)
})
