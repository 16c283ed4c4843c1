import { createHash } from 'node:crypto'
import type { Dataset, Sample, Split } from '@tricklab/core'
import sharp from 'sharp'
import type { DatasetReport } from './dataset-page.ts'
import { escapeHtml, inlineImage, page } from './html.ts'

/** What is found of a dataset without files: one that draws its images, or holds them in memory, such as a plugin's. */
export interface SampleReport extends DatasetReport {
  /** The first samples of every class and split. */
  readonly shown: readonly { readonly label: number; readonly split: Split; readonly sample: Sample }[]
}

const splits = ['train', 'valid'] as const
const titles = { train: 'training', valid: 'validation' } as const

/** Counts the samples of every class, and finds equal images, by reading all of them. @param perClass samples kept for a page */
export async function reportSamples(dataset: Dataset, perClass = 7): Promise<SampleReport> {
  const counts = dataset.classes.map((name) => ({ name, train: 0, valid: 0 }))
  const groups = new Map<string, { file: string; split: Split; label: string }[]>()
  const shown: { label: number; split: Split; sample: Sample }[] = []
  for (const split of splits) {
    for (let index = 0; index < dataset.size(split); index++) {
      const sample = dataset.readSync?.(split, index) ?? (await dataset.read(split, index))
      const { label } = sample
      const count = counts[label]!
      if (count[split]++ < perClass) shown.push({ label, split, sample })
      const bytes = createHash('sha256').update(JSON.stringify(sample.shape)).update(sample.pixels).digest('hex')
      const entry = { file: `${titles[split]} image ${index}`, split, label: count.name }
      groups.set(bytes, [...(groups.get(bytes) ?? []), entry])
    }
  }
  const files = [...groups.values()].filter((group) => group.length > 1)
  const differ = (group: (typeof files)[number], key: 'label' | 'split') =>
    new Set(group.map((one) => one[key])).size > 1
  return {
    digest: dataset.digest,
    note: dataset.note ?? null,
    classes: counts,
    skipped: [],
    duplicates: files.map((group) => ({ conflicting: differ(group, 'label'), leaking: differ(group, 'split') })),
    files,
    shown,
  }
}

/** A page with the counts and the first images of every class. */
export async function renderSamplePage(name: string, { digest, note, classes, shown }: SampleReport): Promise<string> {
  const rows = classes.map(
    (entry) =>
      `<tr><td>${escapeHtml(entry.name)}</td><td class="number">${entry.train}</td><td class="number">${entry.valid}</td></tr>`,
  )
  const sections = classes.map(async ({ name: title }, label) => {
    const sheets = splits.map(async (split) => {
      const own = shown.filter((one) => one.label === label && one.split === split)
      const figures = own.map(async ({ sample }) => `<figure>${inlineImage(await encode(sample), title)}</figure>`)
      return `<h3>${titles[split]}</h3><div class="sheet">${(await Promise.all(figures)).join('\n')}</div>`
    })
    return `<h2>${escapeHtml(title)}</h2>${(await Promise.all(sheets)).join('\n')}`
  })
  return page(
    name,
    `<p>Digest <code>${digest}</code></p>
${note === null ? '' : `<p><strong>${escapeHtml(note)}</strong></p>`}
<table><tr><th>class</th><th class="number">training</th><th class="number">validation</th></tr>
${rows.join('\n')}</table>
${(await Promise.all(sections)).join('\n')}`,
  )
}

function encode({ pixels, shape }: Sample): Promise<Uint8Array> {
  const [height, width, channels] = shape as [number, number, 1 | 2 | 3 | 4]
  return sharp(pixels, { raw: { width, height, channels } })
    .resize({ height: 110, kernel: 'nearest' })
    .jpeg({ quality: 90 })
    .toBuffer()
}
