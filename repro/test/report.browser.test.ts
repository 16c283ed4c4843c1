import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeReport, writeReportFile } from '../src/report/index.ts'
import { hasChromium, launchChromium, overflowing, reason } from './chromium.ts'
import { fakeRecord, writeFakeRecord } from './fake-record.ts'

const seeds = [1, 2, 3]
const longName = 'a-row-with-a-name-that-is-far-too-long-for-any-screen-and-goes-on-and-on-and-on'

describe.skipIf(!hasChromium)(`the report in a browser${reason}`, () => {
  let browser: Browser
  let folder: string
  let files: { readonly [name: string]: string }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tricklab-browser-'))
    files = await writePages(folder)
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true })
  })

  /** Opens a page and collects everything that a sound report never does. */
  async function open(name: string, width: number, colorScheme: 'light' | 'dark' = 'light') {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
    const page = await context.newPage()
    const complaints: string[] = []
    const url = pathToFileURL(files[name]!).href
    page.on('console', (message) => complaints.push(`console: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) complaints.push(`request: ${request.url()}`)
    })
    await page.goto(url)
    return { page, complaints }
  }

  test('opens without a complaint and without the network', async () => {
    for (const name of Object.keys(files)) {
      const { page, complaints } = await open(name, 1200)
      expect(complaints).toEqual([])
      await page.context().close()
    }
  })

  test('shows headings, charts, and a path for every seed', async () => {
    const { page } = await open('runs', 1200)
    expect(await page.locator('h1').allTextContents()).toEqual([
      'FashionMNIST, 3 epochs: plain, residual and doubled convolutions',
    ])
    const headings = await page.locator('h2 span:first-child').allTextContents()
    expect(headings.filter((text) => text.length > 1)).toEqual(['conv', longName])
    const first = page.locator('section.row').first()
    for (const seed of seeds) {
      const path = first.locator(`path.line.train[data-seed="${seed}"]`)
      expect(await path.count()).toBe(2)
      const box = await path.first().boundingBox()
      expect(box!.width).toBeGreaterThan(200)
      expect(box!.height).toBeGreaterThan(50)
    }
    await page.context().close()
  })

  test.each([1200, 400])('at %i px labels stay in their charts and do not cover each other', async (width) => {
    const { page } = await open('many', width)
    const faults = await page.evaluate(() =>
      [...document.querySelectorAll('svg.chart')].flatMap((svg) => {
        const frame = svg.getBoundingClientRect()
        const texts = [...svg.querySelectorAll('text')].map((text) => ({
          words: text.textContent,
          box: text.getBoundingClientRect(),
        }))
        const outside = texts.filter(
          ({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1,
        )
        const covered = texts.filter(({ box }, index) =>
          texts
            .slice(index + 1)
            .some(
              ({ box: other }) =>
                box.left < other.right - 1 &&
                other.left < box.right - 1 &&
                box.top < other.bottom - 3 &&
                other.top < box.bottom - 3,
            ),
        )
        return [...outside, ...covered].map(({ words }) => words)
      }),
    )
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('fits a phone: nothing reaches past the edge at 400 px', async () => {
    for (const name of Object.keys(files)) {
      const { page } = await open(name, 400)
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true
      })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400)
      expect(await overflowing(page)).toEqual([])
      await page.context().close()
    }
  })

  test('is legible in light and dark: verdicts and text have a contrast of at least 4.5', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open('runs', 1200, scheme)
      const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      expect(luminance(dark)).toBeCloseTo(scheme === 'dark' ? 0 : 1, 0)
      const pairs = await page.evaluate(() =>
        [...document.querySelectorAll('.badge, p, td, th, small, figcaption, .legend li')].map((element) => {
          let behind: Element | null = element
          while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)')
            behind = behind.parentElement
          const background = getComputedStyle(behind ?? document.body).backgroundColor
          return { words: element.textContent?.trim().slice(0, 30), color: getComputedStyle(element).color, background }
        }),
      )
      const faint = pairs.filter(({ color, background }) => contrast(color, background) < 4.5)
      expect(faint).toEqual([])
      await page.context().close()
    }
  })

  test('prints what is folded on screen', async () => {
    const { page } = await open('many', 720)
    expect(await page.locator('.pairs').first().isVisible()).toBe(false)
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.pairs').first().isVisible()).toBe(true)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(720)
    await page.context().close()
  })
})

async function writePages(folder: string): Promise<{ readonly [name: string]: string }> {
  const short = { trainSize: 20_000 }
  const records = [
    fakeRecord({ ...short, seeds, sd: 0.006 }),
    fakeRecord({ ...short, row: longName, seeds: Array.from({ length: 20 }, (_, i) => i + 1), accuracy: 0.93 }),
    fakeRecord({ ...short, row: 'short', seeds: [1], epochs: 1, partial: { epochs: 1 } }),
    fakeRecord({ ...short, row: 'undocumented', seeds: [1], epochs: 2, reported: null }),
  ]
  const folders = await Promise.all(records.map((record, i) => writeFakeRecord(record, path.join(folder, `run-${i}`))))
  const file = (name: string) => path.join(folder, `${name}.html`)
  await writeReport(folders.slice(0, 2), file('runs'))
  await writeReport(folders, file('many'))
  await writeReport(folders.slice(2, 3), file('partial'))
  const column = { reported: [1_234_567, null], computed: [1_234_567, '0.12'] }
  const columns = ['parameters', 'MFlops', 'million MACs'].map((name) => ({ name, ...column }))
  const rows = [{ row: longName, labels: ['layers/1', 'total'], verdict: 'exact' as const, columns }]
  const closed = { kind: 'closed-form' as const, table: 'summary', title: 'Parameters of all models', source: 'a page' }
  await writeReportFile({ ...closed, rows }, file('closed-form'))
  return Object.fromEntries(['runs', 'many', 'partial', 'closed-form'].map((name) => [name, file(name)]))
}

const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)

/** Relative luminance of the WCAG, 0 for black and 1 for white. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = channels(color).map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}
