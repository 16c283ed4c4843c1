import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { drawPictures } from '../src/pictures/index.ts'
import { tricks } from '../src/tricks/list.ts'
import { root } from './pages.ts'

const pictures = await drawPictures()

describe('pages of tricks', () => {
  it('there is one for every plugin of the repository, under its folder’s name', () => {
    const folders = readdirSync(path.join(root, 'plugins'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    expect(tricks.map(({ name }) => name).sort()).toEqual(folders.sort())
  })

  it('every trick has a picture, and no picture is without a trick', () => {
    expect([...pictures.keys()].sort()).toEqual(tricks.map(({ name }) => name).sort())
  })

  it('pictures are the same each time', async () => {
    const again = await drawPictures()
    for (const [name, { svg }] of pictures) expect(again.get(name)!.svg.text, name).toBe(svg.text)
  })

  it('pictures say in words what they show, and show no number that is none', () => {
    for (const [name, { svg, caption }] of pictures) {
      expect(svg.text, name).toMatch(/ aria-label="[^"]{20,}"/)
      // The letters of an encoded image may spell anything.
      const text = svg.text.replaceAll(/data:image[^"]*/g, '')
      expect(text, name).not.toMatch(/NaN|Infinity|undefined|null/)
      expect(caption, name).toMatch(/\.$/)
    }
  })

  it('that of SSA is narrow enough for a phone, and its texts stay inside it', () => {
    const { text } = pictures.get('ssa')!.svg
    const width = Number(/viewBox="0 0 (\d+) /.exec(text)![1])
    expect(width).toBeLessThanOrEqual(400)
    for (const [, x, wide] of text.matchAll(/<rect [^>]*x="([\d.]+)"[^>]* width="([\d.]+)"/g)) {
      expect(Number(x) + Number(wide)).toBeLessThanOrEqual(width)
    }
  })

  it('no name of a matrix of SSA is wider than the matrix that it stands in', () => {
    const { text } = pictures.get('ssa')!.svg
    const matrices = [...text.matchAll(/<rect [^>]* width="([\d.]+)"[^>]*\/><text [^>]*>([^<]+)</g)]
    expect(matrices).toHaveLength(8)
    for (const [found, wide, name] of matrices) {
      if (found.includes('text-anchor="middle"')) expect(9 * name!.length, name).toBeLessThanOrEqual(Number(wide))
    }
  })

  it('the lowest point of Mish stands where the literature has it', () => {
    expect(pictures.get('mish')!.svg.text).toContain('−0.309 at x = −1.20')
  })

  it('targets of label smoothing are (1 − ε) and ε shared by ten', () => {
    const { text } = pictures.get('label-smoothing')!.svg
    for (const value of ['0.91', '0.01', '0.64', '0.04']) expect(text).toContain(`>${value}<`)
  })

  it('progressive resizing goes from half to full size', () => {
    const { text } = pictures.get('progressive-resize')!.svg
    for (const size of ['epoch 0: 64 px', 'epoch 4.5: 128 px']) expect(text).toContain(size)
  })
})
