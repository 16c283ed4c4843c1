import { fail } from '@tricklab/core'
import { type Row, usesOf } from '@tricklab/core/recipe'

/** A network that peers can build: plain data, understood by the TF.js and the PyTorch side alike. */
export type Network =
  | {
      readonly kind: 'slowai'
      readonly block: 'conv' | 'residual-conv' | 'double-conv'
      /** Channels of the input, after every block but the last, and the classes. */
      readonly channels: readonly number[]
      readonly firstStride: number
      readonly slope: number
      readonly offset: number
    }
  | { readonly kind: 'resnet18' }
  | {
      readonly kind: 'xresnet'
      /** Blocks of each stage. */
      readonly layers: readonly number[]
      /** Channels inside the blocks of each stage. */
      readonly widths: readonly number[]
      readonly expansion: number
      readonly stemWidths: readonly number[]
    }

/** How peers fill the slots of xresnet; the others stay empty. */
const xresnetSlots: Readonly<Record<string, string>> = {
  act: 'relu',
  conv: 'conv2d',
  norm: 'batch-norm',
  residual: 'xresnet-block',
  head: 'linear-head',
}

const blocks = ['conv', 'residual-conv', 'double-conv'] as const

/**
 * The network of a row, for a peer that builds and trains the same.
 * @errors E_PEER_UNAVAILABLE when the row does more than peers know: they would be timed at other work
 */
export function networkOf(row: Row, inputChannels: number, classes: number): Network {
  const { model, loss, optimizer, schedule, callbacks } = row.recipe
  const { use, ...options } = model.skeleton
  const refuse = (what: string, expected: string, received: string): never =>
    fail('E_PEER_UNAVAILABLE', {
      what: `No peer trains ${row.table.id}/${row.name}: ${what}.`,
      expected: `${expected}.`,
      received: `${received}.`,
      fix: 'measure it alone with --peer none.',
    })
  if (loss.use !== 'cross-entropy') refuse('peers have one loss', 'cross-entropy', loss.use)
  if (optimizer.use !== 'adamw') refuse('peers have one optimizer', 'adamw', optimizer.use)
  if (!['constant', 'one-cycle'].includes(schedule.use)) {
    refuse('peers do not have its schedule', 'constant or one-cycle', schedule.use)
  }
  if (callbacks.length > 0) refuse('peers have no callbacks', 'none', callbacks.map((callback) => callback.use).join())
  if (use === 'resnet18') return { kind: 'resnet18' }
  if (use.startsWith('xresnet')) {
    const filled = Object.entries(model.slots).flatMap(([slot, uses]) => usesOf(uses).map((one) => ({ slot, ...one })))
    const changed = filled.find((one) => one.use !== xresnetSlots[one.slot])
    if (changed !== undefined) refuse('peers have the plain xresnet', 'slots as they are by default', changed.use)
    if (options.outputs !== 0) refuse('peers score the classes alone', 'outputs 0', `outputs ${options.outputs}`)
    return {
      kind: 'xresnet',
      layers: options.layers as number[],
      widths: options.widths as number[],
      expansion: options.expansion as number,
      stemWidths: options.stemWidths as number[],
    }
  }
  const [block] = usesOf(model.slots.block)
  const known = blocks.find((name) => name === block?.use)
  const firstStrides: Record<string, number> = { 'slowai-cnn': 2, 'slowai-deeper-cnn': 1 }
  const firstStride = firstStrides[use]
  if (firstStride === undefined || block === undefined || known === undefined || block.norm !== true) {
    return refuse(
      'peers do not have its network',
      `resnet18, xresnet, or slowai-cnn or slowai-deeper-cnn of ${blocks.join(', ')} with norm`,
      `${use}${block === undefined ? '' : ` of ${block.use}`}`,
    )
  }
  return {
    kind: 'slowai',
    block: known,
    channels: [inputChannels, ...(options.widths as number[]), classes],
    firstStride,
    slope: block.slope as number,
    offset: block.offset as number,
  }
}
