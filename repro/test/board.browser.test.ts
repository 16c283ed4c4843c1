import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Board, serveBoard } from '../src/board/serve.ts'
import { hasChromium, launchChromium, overflowing, reason } from './chromium.ts'
import { fakeRecord, writeFakeRecord } from './fake-record.ts'

describe.skipIf(!hasChromium)(`the board in a browser${reason}`, () => {
  const root = mkdtempSync(path.join(tmpdir(), 'tricklab-board-'))
  let browser: Browser
  let board: Board

  beforeAll(async () => {
    const long = 'a-row-with-a-name-that-is-far-too-long-for-any-phone'
    for (const row of ['conv', 'wide', long]) {
      await writeFakeRecord(fakeRecord({ row, seeds: [1, 2] }), path.join(root, row))
    }
    board = await serveBoard(root, 0)
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await board?.close()
    rmSync(root, { recursive: true })
  })

  async function open(width: number) {
    const page = await (await browser.newContext({ viewport: { width, height: 800 } })).newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(`console: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(board.url) && !request.url().startsWith('data:')) complaints.push(request.url())
    })
    await page.goto(board.url)
    return { page, complaints }
  }

  test.each([400, 1280])('fits a window of %i px, without a complaint', async (width) => {
    const { page, complaints } = await open(width)
    expect(await overflowing(page)).toEqual([])
    const [loss, accuracy] = await page.locator('figure').all()
    const [left, right] = [(await loss!.boundingBox())!, (await accuracy!.boundingBox())!]
    expect(left.y === right.y).toBe(width === 1280)
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test('shows by itself what a run has written since', async () => {
    const { page, complaints } = await open(1280)
    const cell = page.locator('td[data-label="epoch"]').first()
    expect(await cell.textContent()).toBe('3/3')
    const folder = path.join(
      root,
      new URL(
        await page
          .locator('th a')
          .first()
          .evaluate((a: HTMLAnchorElement) => a.href),
      ).searchParams.get('id')!,
    )
    const file = path.join(folder, 'seed-1.jsonl')
    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(
      file,
      `${lines.slice(0, lines.findIndex((line) => line.includes('"event":"epoch"')) + 1).join('\n')}\n`,
    )
    await page.waitForFunction(() => document.querySelector('td[data-label="epoch"]')?.textContent === '1/3')
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test('a choice and two ticks are asked for at once', async () => {
    const { page, complaints } = await open(1280)
    await page.selectOption('select[name="row"]', 'conv')
    await page.waitForURL(/row=conv/)
    expect(await page.locator('tbody tr').count()).toBe(2)
    await page.click('text=all runs')
    await page.waitForURL((url) => url.search === '')
    for (const runs of [['conv'], ['conv', 'wide']]) {
      await page.click(`input[value="${runs.at(-1)}"]`)
      await page.waitForURL((url) => url.searchParams.getAll('run').join() === runs.join())
    }
    expect(await page.locator('pre').textContent()).toContain('Difference of the means')
    expect(complaints).toEqual([])
    await page.context().close()
  })
})
