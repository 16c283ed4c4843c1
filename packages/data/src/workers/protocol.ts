// What main thread and workers say to each other. Types of core only: see decode.ts.
import type { CropPlan } from '@tricklab/core/contracts'
import type { ImageFault } from '../decode/decode.ts'
import type { PhotoFile } from '../decode/read-photo.ts'
import type { Pixels } from '../pixels/resample.ts'
import type { PixelTransform } from '../pixels/transform.ts'

/** One image to decode, crop and resize. */
export interface DecodeTask extends PhotoFile {
  /** What the image is, where nothing has to be decoded. */
  readonly pixels?: Pixels
  /** In pixels of the decoded image. */
  readonly plan: CropPlan
  /** What is done to the cropped image, which then is delivered as float32; absent: bytes. All tasks alike. */
  readonly transform?: PixelTransform
  /** Its place in the file of decoded images. */
  readonly stored?: StoredImage
}

/** Where a decoded image lies in the file of decoded images, or will. */
export interface StoredImage {
  readonly index: number
  readonly offset: number
  readonly width: number
  readonly height: number
}

/** The file of decoded images, shared by all threads. */
export interface SharedStore {
  readonly path: string
  /** Uint32 an image: its CRC-32, where `filled` says that it is there. */
  readonly checksums: SharedArrayBuffer
  /** A byte an image: 1 once it is in the file. */
  readonly filled: SharedArrayBuffer
  /** Int32: images that could not be written. */
  readonly failures: SharedArrayBuffer
}

/** A batch for all workers: each takes the next task until none is left. */
export interface DecodeOrder {
  readonly id: number
  readonly tasks: readonly DecodeTask[]
  /** Receives the images one after the other in height × width × 3 order, as bytes or as float32. */
  readonly images: SharedArrayBuffer
  /** Int32: the next task, and the number of finished ones. */
  readonly progress: SharedArrayBuffer
  readonly store?: SharedStore
}

/** Int32 of a worker: the id of the order, and the index of the task of each of two lanes, −1 for none. */
export const statusLength = 3

export type WorkerReply =
  | { readonly kind: 'done'; readonly id: number }
  | {
      readonly kind: 'bad-image'
      readonly id: number
      readonly path: string
      readonly message: string
      readonly received: string
      readonly fault: ImageFault
    }
  | { readonly kind: 'fault'; readonly id: number; readonly path: string; readonly message: string }
