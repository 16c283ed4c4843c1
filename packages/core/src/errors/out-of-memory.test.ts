import { expect, test } from 'vitest'
import { createHooks } from '../loop/hooks.ts'
import { blameOrigin, rememberOrigin } from '../plugin/origin.ts'
import { failOutOfMemory, isFailedAllocation, TricklabError } from './index.ts'

const thrownBy = (body: () => unknown): unknown => {
  try {
    body()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

// More than any engine of JavaScript, or any machine, has.
const tooLarge: Record<string, () => unknown> = {
  'an array longer than arrays may be': () => new Float32Array(2 ** 52),
  'a buffer larger than the machine': () => new ArrayBuffer(2 ** 52),
}

test.each(Object.entries(tooLarge))('%s is memory that ran out', (_name, ask) => {
  expect(isFailedAllocation(thrownBy(ask))).toBe(true)
})

test.each([
  ['a length below 0', () => new Float32Array(-1)],
  ['a bad radix', () => (1).toString(99)],
  ['a plain error', () => JSON.parse('{')],
])('%s is not', (_name, ask) => {
  expect(isFailedAllocation(thrownBy(ask))).toBe(false)
})

test('the message says what was wanted, how much, what is in use and what to lower', () => {
  const request = { what: 'a tensor [4, 2]', bytes: 3 * 2 ** 30, used: 2 ** 20, limit: 2 ** 32 }
  expect(thrownBy(() => failOutOfMemory({ ...request, otherwise: 'use --engine native' }))).toMatchObject({
    code: 'E_OUT_OF_MEMORY',
    exitCode: 4,
    message:
      '[E_OUT_OF_MEMORY] There is no memory for a tensor [4, 2] of 3,072 MiB. Expected: at most 4,096 MiB in all. ' +
      'Received: 1 MiB in use already. Fix: lower the batch size, the image size or the width of the network, ' +
      'or use --engine native.',
  })
  expect((thrownBy(() => failOutOfMemory({ what: 'a list' })) as Error).message).toBe(
    '[E_OUT_OF_MEMORY] There is no memory for a list. Fix: lower the batch size, the image size or the width of the ' +
      'network, or end other programs.',
  )
})

test.each(Object.values(tooLarge))('a component that asks for too much has no defect', (ask) => {
  const block = {}
  rememberOrigin(block, { plugin: 'nn', kind: 'block', name: 'wide' })
  const error = thrownBy(() => blameOrigin(block, 'create', ask))
  expect(error).toBeInstanceOf(TricklabError)
  expect(error).toMatchObject({ code: 'E_OUT_OF_MEMORY', cause: expect.any(RangeError) })
  expect((error as Error).message).toContain('what the block "wide" of plugin "nn" asks for in create')
})

test.each(Object.values(tooLarge))('nor has a callback', async (ask) => {
  const hooks = createHooks([{ name: 'greedy', stage: 'data', callback: { afterStep: () => void ask() } }])
  await expect(hooks.run('afterStep', { step: 3, params: [] })).rejects.toThrow(
    /\[E_OUT_OF_MEMORY\].*what the callback "greedy" asks for in afterStep at step 4/,
  )
})
