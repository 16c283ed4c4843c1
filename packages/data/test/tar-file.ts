import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

export interface TarEntry {
  readonly name: string
  readonly content?: Uint8Array | string
  /** `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder. */
  readonly type?: string
  readonly link?: string
}

/** Writes a `.tgz` with exactly these headers, sound or not. */
export async function writeTarFile(file: string, entries: readonly TarEntry[]): Promise<void> {
  await writeFile(file, gzipSync(packTar(entries)))
}

export function packTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content = '', type = '0', link = '' }) => {
    const body = Buffer.from(content as string)
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write('0000644\0', 100)
    header.write('0000000\0', 108)
    header.write('0000000\0', 116)
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('00000000000\0', 136)
    header.write('        ', 148)
    header.write(type, 156)
    header.write(link, 157)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}
