import { type Block, fail, type Shape } from '@tricklab/core'
import type { ApplyContext, ParamTree } from '@tricklab/core/contracts'
import { blameOrigin, describeOrigin, originOf } from '@tricklab/core/plugin'
import { within } from '../shape.ts'
import { keptInLine } from './kept.ts'

type Images = Parameters<Block['apply']>[0]

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
    kept: (input) => keptInLine(Object.values(parts), input),
    apply: (images, context) => entries.reduce((x, [name, part]) => applyPart(name, part, x, context), images),
    dispose: () => disposeParts(parts),
  }
}

/** Applies a part in the scope of its name: its randomness and its shape errors carry it. */
export function applyPart(name: string, part: Block, images: Images, { training, rng }: ApplyContext): Images {
  return within(name, () => {
    const output = blameOrigin(part, 'apply', () => part.apply(images, { training, rng: rng.scope(name) }))
    expectDeclared(part, images, output)
    return output
  })
}

/** @errors E_BLOCK_RETURN when a plugin's block puts out another shape than it declares */
function expectDeclared(part: Block, images: Images, output: Images): void {
  const origin = originOf(part)
  if (origin === undefined) return
  const [batch, ...input] = images.shape
  const declared = [batch, ...part.outputShape(input)]
  if (output.shape?.join() === declared.join()) return
  fail('E_BLOCK_RETURN', {
    what: `The ${describeOrigin(origin)} returned another shape in apply than its outputShape says.`,
    expected: `[${declared.join(', ')}] for images [${images.shape.join(', ')}].`,
    received: output.shape === undefined ? 'no tensor.' : `[${output.shape.join(', ')}].`,
    fix: `report it to the author of "${origin.plugin}"; \`blockContract\` of @tricklab/testing finds it.`,
  })
}

/** The parameters of parts, each below its name; parts without any are left out. */
export function collectParams(parts: Parts): ParamTree {
  const entries = Object.entries(parts).map(([name, part]) => [name, part.params] as const)
  return Object.fromEntries(entries.filter(([, params]) => Object.keys(params).length > 0))
}

export function disposeParts(parts: Parts): void {
  for (const part of Object.values(parts)) part.dispose()
}
