import type { ListedRow, Verdict } from '@tricklab/repro'
import { describe, expect, it } from 'vitest'
import { homeParts, resultPart, statusPart } from '../src/home.ts'
import { readPage } from './pages.ts'

const row = (name: string, status: string): ListedRow => ({
  table: 'fashionmnist-resnets',
  row: name,
  kind: 'training',
  reported: '89.50 % (1)',
  measured: status === 'not yet run' ? '–' : '90.00 % (3)',
  difference: '–',
  verdict: status === 'not yet run' ? null : (status.replace(/ \(.*/, '').replace(' ', '-') as Verdict),
  status,
  data: 'fashion-mnist',
  seeds: '1 to 3',
})

describe('the front page', () => {
  it('has a command, a real report, a measured number and the status of the tables', async () => {
    const page = readPage('docs/index.md')
    expect(page).toMatch(/```sh\n.*repro fashionmnist-resnets\/conv\n```/)
    expect(page).toContain('images/report.png')
    for (const name of Object.keys(await homeParts())) expect(page).toContain(`<!--@include: ./parts/${name}.md-->`)
  })

  it('says what we measured, and says when we did not', () => {
    const items = [row('conv', 'reproduced (native)')]
    expect(resultPart(items, 'fashionmnist-resnets', 'conv')).toContain('**90.00 % (3)**: reproduced.')
    expect(resultPart(items, 'fashionmnist-resnets', 'other')).toContain('no record yet')
    expect(resultPart([row('conv', 'not yet run')], 'fashionmnist-resnets', 'conv')).toContain('no record yet')
  })

  it('counts the verdicts of each table and links its source', () => {
    const items = [row('a', 'reproduced (native)'), row('b', 'falls short (wasm)'), row('c', 'reproduced (wasm)')]
    const text = statusPart([...items, row('d', 'not yet run')])
    expect(text).toContain('3 of 4 documented training rows recorded, 2 reproduced.')
    expect(text).toMatch(
      /\[fashionmnist-resnets\].*\[SlowAI, "ResNets"\]\(https:[^)]+\) \| 4 \| 2 reproduced, 1 falls short \|/,
    )
    expect(text).toMatch(/imagewoof-128-5\).* not yet run \|/)
  })
})
