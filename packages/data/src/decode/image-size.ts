import type { ImageSize } from '@tricklab/core/contracts'
import { readImageHead, renderedSize } from './decode.ts'
import { inHouseForm } from './image-error.ts'

/** Size of an encoded image when upright. @errors E_DATASET_CORRUPT naming `path` when this is no JPEG and no PNG */
export function readImageSize(bytes: Uint8Array, path: string): Promise<ImageSize> {
  return inHouseForm(async () => renderedSize(await readImageHead(bytes, path), { upright: true }))
}
