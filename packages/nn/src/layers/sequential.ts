import type { ApplyContext, Block, ParamTree, Shape } from '@tricklab/core'
import { within } from '../shape.ts'

/** Parts of a block by name. */
export type Parts = Readonly<Record<string, Block>>

/** Blocks one after the other, as one block; their names become the places of their parameters. */
export function sequential(parts: Parts): Block {
  const entries = Object.entries(parts)
  return {
    params: collectParams(parts),
    outputShape: (input) =>
      entries.reduce<Shape>((shape, [name, part]) => within(name, () => part.outputShape(shape)), input),
    macs(input) {
      let shape = input
      let sum = 0
      for (const [name, part] of entries) {
        sum += within(name, () => part.macs(shape))
        shape = within(name, () => part.outputShape(shape))
      }
      return sum
    },
    apply: (images, context) => entries.reduce((x, [name, part]) => applyPart(name, part, x, context), images),
    dispose: () => disposeParts(parts),
  }
}

/** Applies a part in the scope of its name: its randomness and its shape errors carry it. */
export function applyPart(
  name: string,
  part: Block,
  images: Parameters<Block['apply']>[0],
  { training, rng }: ApplyContext,
): ReturnType<Block['apply']> {
  return within(name, () => part.apply(images, { training, rng: rng.scope(name) }))
}

/** The parameters of parts, each below its name; parts without any are left out. */
export function collectParams(parts: Parts): ParamTree {
  const entries = Object.entries(parts).map(([name, part]) => [name, part.params] as const)
  return Object.fromEntries(entries.filter(([, params]) => Object.keys(params).length > 0))
}

export function disposeParts(parts: Parts): void {
  for (const part of Object.values(parts)) part.dispose()
}
