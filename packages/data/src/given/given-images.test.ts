import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { givenPhotos, givenSamples } from './given-images.ts'

const solid = (width: number, height: number, background = { r: 9, g: 8, b: 7 }) =>
  sharp({ create: { width, height, channels: 3, background } })

const classes = ['cat', 'dog']

test('photos are read as the dataset reads its own: turned and shrunk where it does so', async () => {
  const turned = await solid(40, 30).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  const photoOf = async (reading: object) => (await givenPhotos([turned], { classes, reading })).photo!('valid', 0)
  expect(await photoOf({})).toMatchObject({ width: 40, height: 30 })
  expect(await photoOf({ upright: true })).toMatchObject({ width: 30, height: 40, upright: true })
  expect(await photoOf({ shorterSide: 15 })).toMatchObject({ width: 20, height: 15, shrunk: true })
  expect(await photoOf({ shorterSide: 30 })).not.toHaveProperty('shrunk')
})

test('equal images have equal digests, and a changed one another', async () => {
  const [one, two] = [await solid(4, 4).png().toBuffer(), await solid(4, 4, { r: 1, g: 1, b: 1 }).png().toBuffer()]
  const digestOf = async (image: Uint8Array) => (await givenPhotos([image], { classes, reading: {} })).digest
  expect(await digestOf(one)).toBe(await digestOf(Buffer.from(one)))
  expect(await digestOf(one)).not.toBe(await digestOf(two))
})

test('ready-made images must have the size and the colours that the network sees', async () => {
  const grey = await solid(2, 2, { r: 5, g: 5, b: 5 }).png().toBuffer()
  const dataset = await givenSamples([grey], { classes, shape: [2, 2, 1] })
  expect(dataset.readSync!('valid', 0)).toEqual({ pixels: Uint8Array.of(5, 5, 5, 5), shape: [2, 2, 1], label: 0 })
  const coloured = await solid(2, 2).png().toBuffer()
  const sample = (await givenSamples([coloured], { classes, shape: [2, 2, 3] })).readSync!('valid', 0)
  expect([...sample.pixels.slice(0, 3)]).toEqual([9, 8, 7])
  await expect(givenSamples([coloured], { classes, shape: [2, 2, 1] })).rejects.toThrow(/E_SHAPE.*a grey image/s)
  await expect(givenSamples([grey], { classes, shape: [3, 2, 1] })).rejects.toThrow(/E_SHAPE.*2 × 3.*2 × 2/s)
})

test('what is no image is refused by its name', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tricklab-given-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'a.jpg')
  await writeFile(file, '<svg/>')
  const open = (image: string | Uint8Array) => givenPhotos([image], { classes, reading: {} })
  await expect(open(file)).rejects.toThrow(/E_ARGUMENT.*a\.jpg.*it is no JPEG, PNG, WebP, AVIF, TIFF or GIF/s)
  await expect(open(Buffer.from('nothing'))).rejects.toThrow(/E_ARGUMENT.*The image.*it is no JPEG/s)
  await expect(open(folder)).rejects.toThrow(/E_ARGUMENT.*is not a file/s)
  await expect(open(path.join(folder, 'b.jpg'))).rejects.toThrow(/E_ARGUMENT.*There is no image/s)
})
