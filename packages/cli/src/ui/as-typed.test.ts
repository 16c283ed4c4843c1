import { expect, test } from 'vitest'
import { asTyped, launcherOf } from './as-typed.ts'

test('commands are those of the repository here, and those of the package where it is installed', () => {
  const text = 'Fix: `pnpm repro list` shows all; pnpm lab doctor, pnpm bench train. pnpm test stays.'
  expect(asTyped(text)).toBe(text)
  expect(asTyped(text, 'npx tricklab')).toBe(
    'Fix: `npx tricklab repro list` shows all; npx tricklab lab doctor, npx tricklab bench train. pnpm test stays.',
  )
})

test('a command that npx fetched is fetched again, not another package of that name', () => {
  const module = 'node_modules/@tricklab/cli/dist/ui/as-typed.js'
  expect(launcherOf('/home/me/tricklab/packages/cli/src/ui/as-typed.ts')).toBe('pnpm')
  expect(launcherOf(`/home/me/study/${module}`)).toBe('npx tricklab')
  expect(launcherOf(`/home/me/.npm/_npx/4f1e/${module}`)).toBe('npx -y @tricklab/cli')
  expect(launcherOf(`C:\\Users\\me\\npm-cache\\_npx\\4f1e\\${module.replaceAll('/', '\\')}`)).toBe(
    'npx -y @tricklab/cli',
  )
})
