import { headChannels, type Scaling, stages, stemChannels } from './variants.ts'

/** One MBConv block of a network. */
export interface PlannedBlock {
  /** Its place: `stage2/block1`. */
  readonly name: string
  readonly inputChannels: number
  readonly outputChannels: number
  readonly kernelSize: number
  readonly stride: number
  readonly expand: number
  /** Probability that its branch is dropped, as a share of the network's: block index / blocks. */
  readonly dropShare: number
}

/** The widths and blocks of a scaled network: all there is to know before a tensor is made. */
export interface NetworkPlan {
  readonly stem: number
  readonly blocks: readonly PlannedBlock[]
  readonly head: number
}

/**
 * Channels after scaling: the multiple of 8 nearest to `channels · width`, halves up, at least 8, and one step more where
 * that would take away over a tenth.
 */
export function scaleChannels(channels: number, width: number): number {
  if (width === 1) return channels
  const wanted = channels * width
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8)
  return rounded < 0.9 * wanted ? rounded + 8 : rounded
}

/** Repeats after scaling: rounded up. */
export function scaleRepeats(repeats: number, depth: number): number {
  return Math.ceil(repeats * depth)
}

/**
 * EfficientNet by compound scaling.
 * @paper arXiv:1905.11946
 */
export function planEfficientnet({ width, depth }: Pick<Scaling, 'width' | 'depth'>): NetworkPlan {
  const total = stages.reduce((sum, { repeats }) => sum + scaleRepeats(repeats, depth), 0)
  const blocks: PlannedBlock[] = []
  let inputChannels = scaleChannels(stemChannels, width)
  const stem = inputChannels
  for (const [stage, { repeats, kernelSize, stride, expand, channels }] of stages.entries()) {
    const outputChannels = scaleChannels(channels, width)
    for (let index = 0; index < scaleRepeats(repeats, depth); index++) {
      blocks.push({
        name: `stage${stage + 1}/block${index + 1}`,
        inputChannels,
        outputChannels,
        kernelSize,
        stride: index === 0 ? stride : 1,
        expand,
        dropShare: blocks.length / total,
      })
      inputChannels = outputChannels
    }
  }
  return { stem, blocks, head: scaleChannels(headChannels, width) }
}
