import { fail } from '@tricklab/core'

/**
 * Whether a name fits a pattern in which `*` stands for any characters, `?` for one and `[ab]` for one of several.
 * @errors E_ARGUMENT for a range that runs backwards
 */
export function createGlob(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/\*|\?|\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (part.length > 1) return part.replace(/\\/g, '\\\\').replace(/^\[!/, '[^')
    return part.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
  })
  try {
    const whole = new RegExp(`^${source}$`, 'i')
    return (name) => whole.test(name)
  } catch (cause) {
    return fail('E_ARGUMENT', {
      what: 'The pattern cannot be read.',
      expected: 'a pattern such as xresnet*, resnet?? or [a-m]*.',
      received: `"${pattern}".`,
      fix: 'write the range from the lower to the higher character.',
      cause,
    })
  }
}
