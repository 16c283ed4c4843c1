import { type BlockContext, fail, type Shape, TricklabError } from '@tricklab/core'

/** `[height 28, width 28, channels 1]`, for messages. */
export function formatShape([height, width, channels]: Shape): string {
  return `[height ${height}, width ${width}, channels ${channels}]`
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.every((size, axis) => size === b[axis])
}

/** @errors E_SHAPE when the two ways through a residual block do not end in one shape */
export function expectEqual(a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  return fail('E_SHAPE', {
    what: 'The branch and the shortcut of a residual block must end in one shape.',
    expected: `${formatShape(b)}, the shortcut's.`,
    received: `${formatShape(a)}, the branch's.`,
    fix: 'use an odd kernel size.',
  })
}

/** @errors E_SHAPE when the images do not have this number of channels. */
export function expectChannels(what: string, input: Shape, channels: number): void {
  if (input[2] === channels) return
  fail('E_SHAPE', {
    what: `${what} cannot take these images.`,
    expected: `${formatShape([input[0], input[1], channels])}.`,
    received: `${formatShape(input)}.`,
    fix: 'give the layer as many input channels as the layer before it has output channels.',
  })
}

/** @errors E_SHAPE when a slot asks a block to change what it cannot change */
export function expectKept(
  what: string,
  { inputChannels, outputChannels, stride }: BlockContext,
  strides: readonly number[],
): void {
  if (inputChannels === outputChannels && strides.includes(stride)) return
  fail('E_SHAPE', {
    what: `${what} cannot change the number of channels, or cannot have this stride.`,
    expected: `as many channels out as in, stride ${strides.join(' or ')}.`,
    received: `${inputChannels} channels in, ${outputChannels} out, stride ${stride}.`,
    fix: 'put another block into the slot.',
  })
}

/**
 * Size of an axis after a sliding window: `⌊(size + 2·padding − kernelSize) / stride⌋ + 1`.
 * @unit pixels
 */
export function windowCount(
  size: number,
  { kernelSize, stride, padding }: { kernelSize: number; stride: number; padding: number },
): number {
  return Math.floor((size + 2 * padding - kernelSize) / stride) + 1
}

/** @errors E_SHAPE when nothing would be left of the image. */
export function expectPixels(what: string, input: Shape, output: Shape): Shape {
  if (output[0] >= 1 && output[1] >= 1) return output
  return fail('E_SHAPE', {
    what: `${what} would leave no pixel of these images.`,
    expected: 'an output of at least 1 × 1 pixels.',
    received: `${formatShape(input)}, which would become ${formatShape(output)}.`,
    fix: 'use larger images or fewer strides.',
  })
}

/** Errors of a block, which does not know where in a model it stands. */
const placed: readonly string[] = ['E_SHAPE', 'E_COMPONENT', 'E_BLOCK_RETURN']

/** Runs `compute` and names the place in the model in any error of a block that comes out of it. */
export function within<T>(place: string, compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    if (!(error instanceof TricklabError) || !placed.includes(error.code)) throw error
    const [problem, ...rest] = error.problems
    const what = problem!.what.startsWith('In ')
      ? `In ${place}/${problem!.what.slice(3)}`
      : `In ${place}: ${problem!.what}`
    throw new TricklabError([{ ...problem!, what }, ...rest])
  }
}
