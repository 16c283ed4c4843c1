import { expect, test } from 'vitest'
import { formatDoctor } from './format.ts'
import { brokenReport, type EngineReport } from './report.ts'

const wasm: EngineReport = {
  name: 'wasm',
  works: true,
  why: '',
  command: '',
  version: '4.22.0',
  device: 'Some CPU',
  threads: 1,
  stepMs: 5.43,
  stepRangeMs: [5.11, 11.2],
  startMs: 881.2,
  missingKernels: ['Selu', 'EluGrad'],
  notes: ['relaxed SIMD'],
}

test('a table, then a line for each thing worth knowing', () => {
  const tensorflow = brokenReport('tensorflow', 'It has no binary.', 'pnpm lab engine install tensorflow')
  expect(formatDoctor([wasm, tensorflow])).toBe(
    [
      'engine      works  step                start   threads  version  device',
      'wasm        yes    5.4 ms (5.1 to 11)  881 ms  1        4.22.0   Some CPU',
      'tensorflow  no     -                   -       -        -        -',
      '',
      'wasm: relaxed SIMD',
      'wasm: kernels that it lacks: Selu, EluGrad',
      'tensorflow: It has no binary.',
      'tensorflow: what would make it work: pnpm lab engine install tensorflow',
    ].join('\n'),
  )
})

test('without remarks there is only the table', () => {
  expect(formatDoctor([{ ...wasm, missingKernels: [], notes: [] }]).split('\n')).toHaveLength(2)
})
