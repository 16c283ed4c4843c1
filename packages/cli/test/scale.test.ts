import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { runCli, temporaryFolder } from './run-cli.ts'

const b2 = ['scale', 'efficientnet', '--depth', '1.2', '--width', '1.1', '--size', '260']

it('says what EfficientNet-B2 costs, beside the published ones and xresnet', async () => {
  const { scaled, others } = (await runCli('lab', [...b2, '--batch', '8', '--json'])).json()
  const named = (name: string) => others.find((network: { name: string }) => network.name === name)
  expect(scaled).toMatchObject({ depth: 1.2, width: 1.1, imageSize: 260, params: 9_109_994 })
  expect({ ...scaled, name: 'efficientnet-b2' }).toEqual(named('efficientnet-b2'))
  expect(named('xresnet152').params).toBe(60_212_040)
  expect(others).toHaveLength(8 + 5)
  // Four bytes a number: of the weight, its gradient and two moments.
  expect(scaled.weightBytes).toBe(16 * scaled.params)
  const twice = (await runCli('lab', [...b2, '--batch', '16', '--json'])).json()
  expect(twice.scaled).toEqual({ ...scaled, activationBytes: 2 * scaled.activationBytes })
})

it('writes a page with every network, and refuses what it cannot scale', async () => {
  const file = path.join(temporaryFolder(), 'scaling.html')
  const { stdout } = await runCli('lab', [...b2, '--out', file])
  expect(stdout).toMatch(/scaled +1\.2 +1\.1 +260 +9\.11 M/)
  const page = readFileSync(file, 'utf8')
  for (const name of ['efficientnet-b7', 'xresnet101']) expect(page).toContain(`<title>${name}: `)
  expect(page).not.toMatch(/NaN|undefined/)
  const other = await runCli('lab', ['scale', 'vgg'])
  expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/E_ARGUMENT.*efficientnet/s)])
})
