import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { type Dataset, fail, type Sample, type Shape, TricklabError } from '@tricklab/core'
import type { Photo, PhotoReading } from '@tricklab/core/contracts'
import type * as tf from '@tricklab/core/tf'
import sharp from 'sharp'
import { decodeImage, readImageHead, renderedSize } from '../decode/decode.ts'
import { inHouseForm } from '../decode/image-error.ts'
import { shrunkSize } from '../photos/shrink.ts'

/**
 * An image as a program has it: the path of a file, the bytes of one, or a tensor of whole numbers from 0 to
 * 255, `[height, width, channels]` with or without a batch of one before it, as decoders give it.
 */
export type ImageInput = string | Uint8Array | tf.Tensor3D | tf.Tensor4D

/** Photos of no dataset as the splits of one; both hold the same. @errors E_ARGUMENT for what is no image */
export async function givenPhotos(
  images: readonly ImageInput[],
  { classes, reading }: { readonly classes: readonly string[]; readonly reading: PhotoReading },
): Promise<Dataset> {
  const photos: Photo[] = []
  for (const image of images) photos.push(await readGivenPhoto(image, reading))
  return {
    classes,
    digest: digestOf(photos.map(({ bytes }) => bytes!)),
    size: () => photos.length,
    photo: (_split, index) => photos[index]!,
    read: () => fail('E_INTERNAL', { what: 'Photos are read by their crop.' }),
  }
}

/** One photo of no class, with its bytes. @errors E_ARGUMENT for what is no image */
async function readGivenPhoto(image: ImageInput, reading: PhotoReading): Promise<Photo> {
  const { name, bytes } = await bytesOf(image)
  const { upright, srgb, shorterSide = 0 } = reading
  const size = await orRefuse(name, async () =>
    renderedSize(await readImageHead(bytes, name), { upright: upright === true }),
  )
  const shrunk = shrunkSize(size, shorterSide)
  return {
    path: name,
    bytes,
    label: 0,
    upright,
    srgb,
    ...shrunk,
    ...(shrunk.width < size.width || shrunk.height < size.height ? { shrunk: true } : {}),
  }
}

/**
 * Ready-made images of no dataset as the splits of one; both hold the same.
 * @errors E_ARGUMENT for what is no image, E_SHAPE for one of another size or in colours where the network sees grey
 */
export async function givenSamples(
  images: readonly ImageInput[],
  { classes, shape }: { readonly classes: readonly string[]; readonly shape: Shape },
): Promise<Dataset> {
  const samples: Sample[] = []
  for (const image of images) samples.push(await readGivenSample(image, shape))
  const readSync = (_split: unknown, index: number) => samples[index]!
  return {
    classes,
    digest: digestOf(samples.map(({ pixels }) => pixels)),
    size: () => samples.length,
    readSync,
    read: async (split, index) => readSync(split, index),
  }
}

async function readGivenSample(image: ImageInput, shape: Shape): Promise<Sample> {
  const { name, bytes } = await bytesOf(image)
  const { data, width, height } = await orRefuse(name, () => decodeImage(bytes, undefined, name))
  const [wantedHeight, wantedWidth, channels] = shape
  if (width !== wantedWidth || height !== wantedHeight) {
    fail('E_SHAPE', {
      what: `${name} has another size than the images of the network, which learned from ready-made images.`,
      expected: `${wantedWidth} × ${wantedHeight} pixels.`,
      received: `${width} × ${height}.`,
      fix: 'give it an image of that size.',
    })
  }
  if (channels === 3) return { pixels: data, shape, label: 0 }
  const grey = data.every((value, index) => value === data[index - (index % 3)])
  if (channels !== 1 || !grey) {
    fail('E_SHAPE', {
      what: `${name} does not have the colours that the network sees.`,
      expected: channels === 1 ? 'a grey image.' : `an image of ${channels} channels.`,
      received: 'red, green and blue.',
      fix: channels === 1 ? 'convert the image to grey.' : 'name images of the dataset by their index.',
    })
  }
  return { pixels: Uint8Array.from({ length: width * height }, (_, index) => data[3 * index]!), shape, label: 0 }
}

const digestOf = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length} `).update(part)
  return hash.digest('hex')
}

async function bytesOf(image: ImageInput): Promise<{ name: string; bytes: Uint8Array }> {
  if (typeof image === 'string') return { name: image, bytes: await readGivenFile(image) }
  if (image instanceof Uint8Array) return { name: 'The image', bytes: image }
  return { name: 'The tensor', bytes: await encodeTensor(image) }
}

async function readGivenFile(file: string): Promise<Uint8Array> {
  const found = await stat(file).catch(() => undefined)
  if (found === undefined || !found.isFile()) {
    fail('E_ARGUMENT', {
      what: found === undefined ? `There is no image ${file}.` : `${file} is not a file.`,
      expected: 'the path of an image: JPEG, PNG, WebP, AVIF, TIFF or GIF.',
      received: `"${file}".`,
      fix: 'check the path.',
    })
  }
  try {
    return await readFile(path.resolve(file))
  } catch (cause) {
    return fail('E_ARGUMENT', {
      what: `${file} cannot be read: ${(cause as Error).message}.`,
      expected: 'a file that may be read.',
      received: `"${file}".`,
      fix: 'mend the permissions, or name another image.',
      cause,
    })
  }
}

/** As a PNG, which keeps every value. */
async function encodeTensor(tensor: tf.Tensor): Promise<Uint8Array> {
  const [height, width, channels, ...more] =
    tensor.rank === 4 && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape
  const refuse = (received: string): never =>
    fail('E_SHAPE', {
      what: 'The tensor is not one image.',
      expected: 'int32 [height, width, channels] with values from 0 to 255 and one or three channels.',
      received,
      fix: 'give the pixels as they are decoded; the crop and the normalisation of the recipe are applied to them.',
    })
  const isImage = height! > 0 && width! > 0 && (channels === 1 || channels === 3) && more.length === 0
  if (!isImage || tensor.dtype !== 'int32') return refuse(`${tensor.dtype} [${tensor.shape.join(', ')}].`)
  const values = await tensor.data()
  if (values.some((value) => value < 0 || value > 255)) refuse('values outside of 0 to 255.')
  return sharp(Uint8Array.from(values), { raw: { width: width!, height: height!, channels: channels as 1 | 3 } })
    .png()
    .toBuffer()
}

/** What is wrong with an image that was asked about is a wrong argument, no corrupt dataset. */
async function orRefuse<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await inHouseForm(read)
  } catch (cause) {
    if (!(cause instanceof TricklabError)) throw cause
    return fail('E_ARGUMENT', {
      what: cause.problems[0]!.what,
      expected: 'an image: JPEG, PNG, WebP, AVIF, TIFF or GIF.',
      received: cause.problems[0]!.received ?? `${name}.`,
      fix: 'name another image.',
      cause,
    })
  }
}
