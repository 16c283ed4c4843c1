import { expect, test } from 'vitest'
import { asTyped } from './as-typed.ts'

test('commands are those of the repository here, and those of the package where it is installed', () => {
  const text = 'Fix: `pnpm repro list` shows all; pnpm lab doctor, pnpm bench train. pnpm test stays.'
  expect(asTyped(text)).toBe(text)
  expect(asTyped(text, true)).toBe(
    'Fix: `npx tricklab repro list` shows all; npx tricklab lab doctor, npx tricklab bench train. pnpm test stays.',
  )
})
