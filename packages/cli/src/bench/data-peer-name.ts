import { fail } from '@tricklab/core'

/** @errors E_ARGUMENT */
export function dataPeerName(text: string): 'torch' | 'none' {
  if (text === 'torch' || text === 'none') return text
  return fail('E_ARGUMENT', {
    what: '--peer is not of the right form.',
    expected: 'torch or none.',
    received: `"${text}".`,
    fix: 'see --help.',
  })
}
