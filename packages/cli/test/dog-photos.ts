import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { encodePhoto } from '@tricklab/testing/photos'
import { temporaryFolder } from './run-cli.ts'

const synsets = ['086240', '087394', '088364', '089973', '093754', '096294', '099601', '105641', '111889', '115641']

/** Three photos to train with and two to validate with of every class of Imagewoof, and one of them under two classes. */
export async function drawDogPhotos(): Promise<string> {
  const folder = temporaryFolder()
  const root = path.join(folder, 'imagewoof2')
  for (const [part, count] of [
    ['train', 3],
    ['val', 2],
  ] as const) {
    for (const number of synsets) {
      const place = path.join(root, part, `n02${number}`)
      mkdirSync(place, { recursive: true })
      for (let i = 0; i < count; i++) {
        const name = `n02${number}_${part}_${i}.JPEG`
        writeFileSync(path.join(place, name), await encodePhoto(name, 48 + 8 * i, 40))
      }
    }
  }
  copyFileSync(
    path.join(root, 'train/n02086240/n02086240_train_0.JPEG'),
    path.join(root, 'val/n02087394/n02087394_val_0.JPEG'),
  )
  return folder
}
