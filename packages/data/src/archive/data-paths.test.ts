import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { checkDataPaths } from './data-paths.ts'

test('what is there passes, a folder or a file', async () => {
  const folder = await createFolder()
  await writeFile(path.join(folder, 'photos.tgz'), '')
  checkDataPaths([])
  checkDataPaths([folder, path.join(folder, 'photos.tgz'), path.relative(process.cwd(), folder)])
})

test('what is not there is refused with the nearest name, all slips at once', async () => {
  const folder = await createFolder()
  await mkdir(path.join(folder, 'imagewoof2-320/train'), { recursive: true })
  const messageOf = (...paths: string[]): string => {
    try {
      checkDataPaths(paths)
    } catch (error) {
      if (error instanceof TricklabError) return error.message
    }
    return 'accepted'
  }
  const slip = path.join(folder, 'imagewof2-320')
  expect(messageOf(folder, slip)).toBe(
    `[E_ARGUMENT] --data names ${slip}, but there is no such folder or file. Expected: a folder with datasets, or an archive. ` +
      `Received: "${slip}". Fix: in ${folder} did you mean "imagewoof2-320"?`,
  )
  // The first part that is wrong counts.
  expect(messageOf(path.join(folder, 'imagewoof-320/train'))).toContain(`in ${folder} did you mean "imagewoof2-320"?`)
  expect(messageOf(path.join(folder, 'entirely-other'))).toContain(`in ${folder} choose one of: imagewoof2-320.`)
  expect(messageOf(slip, path.join(folder, 'b')).match(/E_ARGUMENT/g)).toHaveLength(2)
  for (let i = 0; i < 9; i++) await mkdir(path.join(folder, `n${i}`))
  expect(messageOf(path.join(folder, 'entirely-other'))).toContain(`Fix: look into ${folder}.`)
})
