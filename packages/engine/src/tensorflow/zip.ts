import { createReadStream, createWriteStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'
import { fail } from '@tricklab/core'
import { makeFolder } from '@tricklab/core/files'

interface Entry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly compressedSize: number
  readonly headerOffset: number
}

/**
 * Extracts some files of a zip archive (a wheel is one), without ever holding one in memory.
 *
 * Node has no zip reader, and the archives here are under 4 GB, so the classic format is all there is to read.
 *
 * @param place says where an entry goes, relative to `folder`; undefined leaves it out
 * @returns how many were extracted
 * @errors E_ENGINE_INSTALL when the archive is damaged
 */
export async function extractZip(
  file: string,
  folder: string,
  place: (name: string) => string | undefined,
): Promise<number> {
  const handle = await open(file)
  let count = 0
  try {
    for (const entry of await readDirectory(handle, file)) {
      const target = entry.name.endsWith('/') ? undefined : place(entry.name)
      if (target === undefined) continue
      await extractEntry(handle, file, entry, inside(folder, target, file))
      count++
    }
  } finally {
    await handle.close()
  }
  return count
}

async function readDirectory(handle: FileHandle, file: string): Promise<Entry[]> {
  const { size } = await handle.stat()
  // The end record is 22 bytes and may carry a comment of at most 65 535.
  const tail = await readAt(handle, Math.max(0, size - 22 - 65_535), Math.min(size, 22 + 65_535))
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0) damaged(file, 'it has no end record, so it is cut short or no zip archive')
  const count = tail.readUInt16LE(end + 10)
  const directory = await readAt(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
  const entries: Entry[] = []
  for (let i = 0, at = 0; i < count; i++) {
    if (directory.length < at + 46 || directory.readUInt32LE(at) !== 0x02014b50)
      damaged(file, 'its directory is broken')
    const nameLength = directory.readUInt16LE(at + 28)
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      compressedSize: directory.readUInt32LE(at + 20),
      headerOffset: directory.readUInt32LE(at + 42),
    })
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return entries
}

async function extractEntry(handle: FileHandle, file: string, entry: Entry, target: string): Promise<void> {
  // The local header has lengths of its own for the name and the extra field.
  const header = await readAt(handle, entry.headerOffset, 30)
  const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  let crc = 0
  const check = new Transform({
    transform(chunk, _encoding, done) {
      crc = crc32(chunk, crc)
      done(null, chunk)
    },
  })
  makeFolder(path.dirname(target))
  if (entry.method !== 0 && entry.method !== 8) damaged(file, `${entry.name} is packed by an unknown method`)
  const output = createWriteStream(target)
  if (entry.compressedSize === 0) {
    output.end()
  } else {
    const packed = createReadStream(file, { start, end: start + entry.compressedSize - 1 })
    try {
      if (entry.method === 8) await pipeline(packed, createInflateRaw(), check, output)
      else await pipeline(packed, check, output)
    } catch (error) {
      damaged(file, `${entry.name} does not unpack (${(error as Error).message})`)
    }
  }
  if (crc !== entry.crc) damaged(file, `the checksum of ${entry.name} is wrong`)
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await handle.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function inside(folder: string, target: string, file: string): string {
  const full = path.resolve(folder, target)
  if (!full.startsWith(path.resolve(folder) + path.sep)) damaged(file, `"${target}" would leave the folder`)
  return full
}

function damaged(file: string, why: string): never {
  fail('E_ENGINE_INSTALL', {
    what: `${path.basename(file)} cannot be unpacked: ${why}.`,
    fix: 'fetch the file again.',
  })
}
