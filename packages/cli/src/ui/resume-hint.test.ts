import { expect, test } from 'vitest'
import { resumeHint } from './resume-hint.ts'

test.each([
  ['repro', 'conv --seeds 5 --out o --data d', 'pnpm repro conv --seeds 5 --out o --data d --resume'],
  ['repro', 'repro conv --engine wasm', 'pnpm repro conv --engine wasm --resume'],
  ['repro', 'conv --resume --jobs 2', 'pnpm repro conv --resume --jobs 2'],
  ['lab ablate', 'ablate conv --drop mish', 'pnpm lab ablate conv --drop mish --resume'],
  ['lab ablate', 'lab ablate conv', 'pnpm lab ablate conv --resume'],
])('%s: %s', (program, argv, command) => {
  expect(resumeHint(program, argv.split(' '))).toBe(`Resume with: ${command}\n`)
})

test('words that a shell would change are quoted', () => {
  expect(resumeHint('repro', ['./my table.ts#row', '--data', "it's", '--out', '$HOME', '~/x', '*'])).toBe(
    `Resume with: pnpm repro './my table.ts#row' --data 'it'\\''s' --out '$HOME' '~/x' '*' --resume\n`,
  )
})
