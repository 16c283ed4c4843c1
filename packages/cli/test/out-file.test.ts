import { existsSync } from 'node:fs'
import path from 'node:path'
import { labProgram } from '@tricklab/cli'
import { describe, expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const row = `${fixture('tiny.ts')}#plain`

/** What a command that has not begun says; one that begins would fail in another way, for its run does not exist. */
async function refusal(args: readonly string[]): Promise<unknown> {
  return labProgram()
    .parseAsync([...args], { from: 'user' })
    .then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    )
}

const commands = [
  ['groups'],
  ['show', row],
  ['lr-find', row],
  ['export', 'no-run', '--format', 'onnx'],
  ['cam', 'no-run', '1'],
  ['attention', 'no-run', '1'],
  ['features', 'no-image.png'],
  ['scale', 'efficientnet'],
  ['dataset', 'imagewoof2'],
  ['import-weights', 'none.safetensors', '--model', 'resnet18'],
]

describe('an output that cannot be written is refused before the work', () => {
  it.each(commands)('lab %s', async (...args) => {
    const folder = temporaryFolder()
    const missing = path.join(folder, 'missing/page.html')
    expect(await refusal([...args, '--out', missing])).toMatch(
      /^\[E_OUT_WRITE\].*there is no folder .*missing.*Fix: make the folder/s,
    )
    if (args[0] !== 'export')
      expect(await refusal([...args, '--out', folder])).toMatch(/^\[E_OUT_WRITE\].* is a folder/s)
  })

  it.skipIf(!existsSync('/proc/self'))('in /proc, where making folders would never end', async () => {
    expect(await refusal(['groups', '--out', '/proc/groups.html'])).toMatch(/^\[E_OUT_WRITE\]/)
    for (const [command, ...args] of [
      ['repro', 'report', '--output', '/proc/tricklab/page.html'],
      ['repro', row, '--out', '/sys/tricklab/runs'],
      ['lab', 'trace', row, '--engine', 'cpu', '--out', '/proc/tricklab/trace'],
      ['lab', 'trace', row, '--engine', 'cpu', '--whole', '--out', '/proc/tricklab/trace'],
      ['tricklab', 'init', '/proc/tricklab/study'],
    ] as const) {
      const { code, stderr } = await runCli(command, args)
      expect(stderr).toContain('[E_OUT_WRITE]')
      expect(code).toBe(2)
    }
  })
})
