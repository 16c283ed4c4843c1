import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { inflateSync } from 'node:zlib'
import { encodePng } from '@tricklab/data'
import { beforeAll, describe, expect, it } from 'vitest'
import { cellOf, colourMap, readMaps } from '../src/lab/attention/maps.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

describe('the maps', () => {
  const cells = { width: 2, height: 1 }
  const image = { width: 16, height: 8 }

  it('finds the cell of a pixel', () => {
    expect([0, 7, 8, 15].map((x) => cellOf({ x, y: 7 }, image, cells))).toEqual([0, 0, 1, 1])
    expect(cellOf({ x: 15, y: 15 }, { width: 16, height: 16 }, { width: 4, height: 4 })).toBe(15)
  })

  it('are rows of the matrix, and means of rows', () => {
    const matrix = Float32Array.of(1, -2, 3, 6)
    const positions = [
      { x: 12, y: 0 },
      { x: 0, y: 0 },
      { x: 15, y: 7 },
    ]
    const maps = readMaps(matrix, image, cells, positions)
    expect(maps.map(({ title }) => title)).toEqual([
      'mean over all positions',
      'mean over the marked positions',
      'position 12, 0',
      'position 0, 0',
      'position 15, 7',
    ])
    expect(maps.map(({ values }) => [...values].map((value) => Number(value.toFixed(4))))).toEqual([
      [2, 2],
      [2.3333, 3.3333],
      [3, 6],
      [1, -2],
      [3, 6],
    ])
  })

  it('show sign by colour and size by opacity', () => {
    const [warm, cold, none] = [0, 4, 8].map((at) => colourMap(Float32Array.of(2, -1, 0)).subarray(at, at + 4))
    expect(warm![0]).toBeGreaterThan(warm![2]!)
    expect(cold![2]).toBeGreaterThan(cold![0]!)
    expect(warm![3]! / cold![3]!).toBeCloseTo(2, 1)
    expect(none![3]).toBe(0)
    expect([...colourMap(new Float32Array(3))].filter((_, index) => index % 4 === 3)).toEqual([0, 0, 0])
  })

  it('are PNG files: size, pixels row by row, checksums as zlib and PNG define them', () => {
    const png = encodePng(Uint8Array.of(1, 2, 3, 4, 5, 6), 1, 2, 3)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[25]]).toEqual([1, 2, 2])
    const length = png.readUInt32BE(33)
    expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, 1, 2, 3, 0, 4, 5, 6])
    // CRC-32 of the four letters IEND, as at the end of every PNG file.
    expect(png.subarray(-4).toString('hex')).toBe('ae426082')
  })
})

describe('lab attention', () => {
  const out = temporaryFolder()
  const table = fixture('tricks.ts')
  const run = (row: string) => path.join(out, 'tricks', row, readdirSync(path.join(out, 'tricks', row))[0]!)

  beforeAll(async () => {
    const train = ['--engine', 'wasm', '--seed', '1', '--epochs', '1', '--out', out]
    for (const row of ['attention', 'plain']) await runCli('repro', [`${table}#${row}`, ...train])
  }, 180_000)

  it('draws the maps of every image at the chosen positions', { timeout: 180_000 }, async () => {
    const file = path.join(out, 'page.html')
    const args = ['attention', run('attention'), '0', '7', '--table', table, '--engine', 'wasm']
    const result = await runCli('lab', [...args, '--positions', '3,3;12,10', '--out', file, '--json'])
    expect(result.stderr).not.toContain('✖')
    expect(result.code).toBe(0)
    const { images, seed } = result.json()
    expect(seed).toBe(1)
    expect(images.map(({ name }: { name: string }) => name)).toEqual(['validation image 0', 'validation image 7'])
    for (const { blocks } of images) {
      const [block, ...others] = blocks
      expect(others).toEqual([])
      expect(block).toMatchObject({ block: 'stage1/block1/attention', width: 4, height: 4 })
      expect(block.gamma).not.toBe(0)
      const [, both, first, second] = block.maps.map(({ values }: { values: number[] }) => values)
      both.forEach((value: number, index: number) => {
        expect(value).toBeCloseTo((first[index] + second[index]) / 2, 6)
      })
      expect(new Set(first).size).toBeGreaterThan(1)
    }
    // Other pixels, other maps.
    expect(images[0].blocks[0].maps[0].values).not.toEqual(images[1].blocks[0].maps[0].values)
    const page = readFileSync(file, 'utf8')
    expect(page).toContain('mean over the marked positions')
    expect(page.match(/data:image\/png/g)).toHaveLength(2 * (1 + 2 * 4))
  })

  it.each([
    ['a row without attention', () => [run('plain'), '0'], 'E_ARGUMENT', 'has no attention to show'],
    ['an index beyond the split', () => [run('attention'), '48'], 'E_ARGUMENT', 'an index below 48'],
    ['a file that is not there', () => [run('attention'), 'dog.jpg'], 'E_ARGUMENT', 'There is no image dog.jpg'],
    ['positions outside', () => [run('attention'), '0', '--positions', '16,3'], 'E_ARGUMENT', 'x below 16'],
    ['positions that are none', () => [run('attention'), '0', '--positions', '3'], 'E_ARGUMENT', '64,64;20,100'],
    ['a seed without weights', () => [run('attention'), '0', '--seed', '9'], 'E_RUN_UNKNOWN', 'has no finished seed 9'],
    ['a folder without a run', () => [out, '0'], 'E_RUN_UNKNOWN', 'manifest.json'],
  ])('answers %s with one clear message and exit code 2', { timeout: 180_000 }, async (_name, args, code, hint) => {
    const result = await runCli('lab', ['attention', ...args(), '--table', table, '--engine', 'wasm'])
    expect(result.stderr).toContain(`[${code}]`)
    expect(result.stderr).toContain(hint)
    expect(result.code).toBe(2)
    expect(result.stderr).not.toMatch(/^\s+at /m)
  })
})
