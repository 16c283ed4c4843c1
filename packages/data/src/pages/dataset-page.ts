import { createRng, type Split } from '@tricklab/core'
import sharp from 'sharp'
import { type Duplicate, findDuplicates } from '../photos/duplicates.ts'
import type { IndexedPhoto, PhotoDataset } from '../photos/open-files.ts'
import { escapeHtml, inlineImage, page } from './html.ts'

export interface DatasetReport {
  readonly digest: string
  readonly note: string | null
  readonly classes: readonly { readonly name: string; readonly train: number; readonly valid: number }[]
  readonly skipped: readonly string[]
  /** Groups of byte-identical files. */
  readonly duplicates: readonly Pick<Duplicate, 'conflicting' | 'leaking'>[]
  /** The same groups with their files. */
  readonly files: readonly (readonly { readonly file: string; readonly split: Split; readonly label: string }[])[]
}

/** Counts a class, equal files, images left out. */
export function reportDataset(dataset: PhotoDataset): DatasetReport {
  const { classes, digest, note, skipped } = dataset
  const counts = { train: countLabels(dataset, 'train'), valid: countLabels(dataset, 'valid') }
  const duplicates = findDuplicates(dataset)
  return {
    digest,
    note: note ?? null,
    classes: classes.map((name, label) => ({ name, train: counts.train[label]!, valid: counts.valid[label]! })),
    skipped,
    duplicates: duplicates.map(({ conflicting, leaking }) => ({ conflicting, leaking })),
    files: duplicates.map(({ photos }) =>
      photos.map(({ file, split, label }) => ({ file, split, label: classes[label]! })),
    ),
  }
}

function countLabels(dataset: PhotoDataset, split: Split): number[] {
  const counts = dataset.classes.map(() => 0)
  for (let index = 0; index < dataset.size(split); index++) counts[dataset.photo(split, index).label]! += 1
  return counts
}

/**
 * A page with the counts, the equal files and a contact sheet; thumbnails are inside the page.
 * @param perClass thumbnails a class and split
 */
export async function renderDatasetPage(name: string, dataset: PhotoDataset, perClass = 7): Promise<string> {
  const report = reportDataset(dataset)
  const sections = await Promise.all(dataset.classes.map((_, label) => contactSheet(dataset, label, perClass)))
  const sum = (split: Split) => report.classes.reduce((total, entry) => total + entry[split], 0)
  const row = (cells: readonly (string | number)[], mark = '') =>
    `<tr${mark}>${cells.map((cell) => (typeof cell === 'number' ? `<td class="number">${cell.toLocaleString('en')}</td>` : `<td>${escapeHtml(cell)}</td>`)).join('')}</tr>`
  return page(
    name,
    `<p>Digest <code>${report.digest}</code></p>
${report.note === null ? '' : `<p><strong>${escapeHtml(report.note)}</strong></p>`}
<table><tr><th>class</th><th class="number">training</th><th class="number">validation</th></tr>
${report.classes.map((entry) => row([entry.name, entry.train, entry.valid])).join('\n')}
${row(['all', sum('train'), sum('valid')], ' class="sum"')}</table>
${await renderDuplicates(dataset)}
${sections.join('\n')}`,
  )
}

/** `1 group`, `3 groups`. */
export const countGroups = (count: number): string => `${count} ${count === 1 ? 'group' : 'groups'}`

async function renderDuplicates(dataset: PhotoDataset): Promise<string> {
  const duplicates = findDuplicates(dataset)
  if (duplicates.length === 0) return '<h2>Equal files</h2><p>None.</p>'
  const conflicting = duplicates.filter((group) => group.conflicting).length
  const leaking = duplicates.filter((group) => group.leaking).length
  const groups = duplicates.map(async ({ photos }) => {
    const thumbnail = await makeThumbnail(photos[0]!)
    // A long path breaks between its folders.
    const names = photos.map(
      ({ file, label }) =>
        `<b>${escapeHtml(dataset.classes[label]!)}</b> ${escapeHtml(file).replaceAll('/', '/<wbr>')}`,
    )
    return `<figure class="wide">${inlineImage(thumbnail, photos[0]!.file)}<figcaption>${names.join('<br>')}</figcaption></figure>`
  })
  return `<h2>Equal files</h2>
<p>${countGroups(duplicates.length)} of byte-identical files: ${conflicting} with different labels, ${leaking} in both splits.</p>
<div class="sheet">${(await Promise.all(groups)).join('\n')}</div>`
}

async function contactSheet(dataset: PhotoDataset, label: number, perClass: number): Promise<string> {
  const rows = (['train', 'valid'] as const).map(async (split) => {
    const indices = Array.from({ length: dataset.size(split) }, (_, index) => index).filter(
      (index) => dataset.photo(split, index).label === label,
    )
    const order = createRng(0).at('contact-sheet', split, label).permutation(indices.length).subarray(0, perClass)
    const figures = Array.from(order, async (position) => {
      const photo = dataset.photo(split, indices[position]!)
      const name = photo.file.split('/').at(-1)!
      const caption = `${escapeHtml(name)}<br>${photo.width} × ${photo.height}`
      return `<figure>${inlineImage(await makeThumbnail(photo), name)}<figcaption>${caption}</figcaption></figure>`
    })
    const title = split === 'train' ? 'training' : 'validation'
    return `<h3>${title}, ${indices.length}</h3><div class="sheet">${(await Promise.all(figures)).join('\n')}</div>`
  })
  return `<h2>${escapeHtml(dataset.classes[label]!)}</h2>${(await Promise.all(rows)).join('\n')}`
}

const makeThumbnail = ({ path }: IndexedPhoto): Promise<Uint8Array> =>
  sharp(path).autoOrient().resize({ height: 110 }).toColourspace('srgb').jpeg({ quality: 75 }).toBuffer()
