import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { createSmallMnist, describeContent, type SmallFile, writeFiles } from '../../test/small-mnist.ts'
import { findInFolder } from '../files/in-folder.ts'
import { readKnownFiles } from '../files/read.ts'
import { createIdxDataset } from './dataset.ts'
import { writeIdx } from './idx.ts'

test('packed and unpacked files give the same images, labels and digest', async () => {
  const files = createSmallMnist()
  const packed = await load(files)
  const unpacked = await load(files, async (folder) => writeFiles(folder, files, false))
  expect(packed.digest).toBe(unpacked.digest)
  expect([packed.size('train'), packed.size('valid')]).toEqual([7, 3])
  for (const [split, images, labels] of [
    ['train', files[0]!, files[1]!],
    ['valid', files[2]!, files[3]!],
  ] as const) {
    for (let index = 0; index < packed.size(split); index++) {
      const sample = await packed.read(split, index)
      expect(sample).toEqual(unpacked.readSync!(split, index))
      expect(sample.shape).toEqual([5, 4, 1])
      expect(Array.from(sample.pixels)).toEqual(Array.from(images.content.subarray(16 + index * 20, 36 + index * 20)))
      expect(sample.label).toBe(labels.content[8 + index])
    }
  }
})

test('the digest is the SHA-256 of what sha256sum prints', async () => {
  const files = createSmallMnist()
  const printed = files.map(({ content, name }) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`)
  expect((await load(files)).digest).toBe(createHash('sha256').update(printed.join('')).digest('hex'))
})

test('files packed anew are as good, for the content is what counts', async () => {
  const files = createSmallMnist()
  const dataset = await load(files, async (folder) => {
    await writeFiles(folder, files)
    await writeFile(path.join(folder, `${files[0]!.name}.gz`), gzipSync(files[0]!.content, { level: 1 }))
  })
  expect(dataset.digest).toBe((await load(files)).digest)
})

test('an index that does not exist is refused', async () => {
  const dataset = await load(createSmallMnist())
  await expect(dataset.read('valid', 3)).rejects.toThrow('E_INTERNAL')
})

test('a file cut short is refused with both checksums, and what to do', async () => {
  const files = createSmallMnist()
  const name = `${files[0]!.name}.gz`
  const cut = files[0]!.gz.subarray(0, 60)
  const loading = load(files, async (folder) => {
    await writeFiles(folder, files)
    await writeFile(path.join(folder, name), cut)
  })
  await expect(loading).rejects.toMatchObject({ code: 'E_DATASET_CORRUPT', exitCode: 2 })
  const message = await loading.then(
    () => '',
    (error: Error) => error.message,
  )
  expect(message).toContain(`${name} cannot be unpacked`)
  expect(message).toContain(`Expected: ${files[0]!.gz.length} bytes with md5 ${md5(files[0]!.gz)}`)
  expect(message).toContain(`Received: 60 bytes with md5 ${md5(cut)}`)
  expect(message).toMatch(/Fix: replace \S+train-images-idx3-ubyte\.gz$/)
})

test('one altered byte is noticed, packed or not', async () => {
  for (const packed of [true, false]) {
    for (const victim of createSmallMnist()) {
      const files = createSmallMnist()
      const loading = load(files, async (folder) => {
        await writeFiles(folder, files, packed)
        const file = path.join(folder, packed ? `${victim.name}.gz` : victim.name)
        const content = Uint8Array.from(victim.content)
        content[content.length - 1]! ^= 1
        await writeFile(file, packed ? gzipSync(content) : content)
      })
      await expect(loading).rejects.toThrow(`is not the ${victim.name} of FashionMNIST`)
    }
  }
})

test('a gzip file that unpacks to more than expected is refused before it fills the memory', async () => {
  const files = createSmallMnist()
  const loading = load(files, async (folder) => {
    await writeFiles(folder, files)
    await writeFile(path.join(folder, `${files[1]!.name}.gz`), gzipSync(new Uint8Array(10_000_000)))
  })
  await expect(loading).rejects.toThrow(/E_DATASET_CORRUPT.*cannot be unpacked/)
})

// What follows has the expected checksum and is wrong all the same: the table of known files would have to be wrong.
test('a wrong magic number, count or label is refused', async () => {
  const small = createSmallMnist()
  const replaced = (index: number, dims: readonly number[], content: Uint8Array) =>
    small.map((file, at) => (at === index ? describeContent(file.name, file.split, dims, content) : file))
  const labels = (values: number[]) => writeIdx({ dims: [values.length], values: Uint8Array.from(values) })
  const magic = labels([1, 2, 3])
  magic[2] = 0x0d
  await expect(load(replaced(3, [3], magic))).rejects.toThrow('magic number 0x00000801')
  await expect(load(replaced(3, [3], labels([1, 2, 10])))).rejects.toThrow('Label 2 of the valid split has no class')
  const square = writeIdx({ dims: [3, 4, 5], values: new Uint8Array(60) })
  await expect(load(replaced(2, [3, 5, 4], square))).rejects.toThrow(/Expected: 3 × 5 × 4\. Received: 3 × 4 × 5\./)
})

async function load(files: readonly SmallFile[], write?: (folder: string) => Promise<void>) {
  const folder = await createFolder()
  await (write ?? ((at) => writeFiles(at, files)))(folder)
  const set = { name: 'small', title: 'FashionMNIST', files, classes: Array.from({ length: 10 }, (_, at) => `${at}`) }
  const answer = await findInFolder(folder, set)
  if ('missing' in answer) throw new Error(answer.missing)
  return createIdxDataset(set, await readKnownFiles(set, answer.found, (file) => `replace ${file}`))
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
