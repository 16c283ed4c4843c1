/** One stage of a network of MBConv blocks before scaling. */
export interface Stage {
  readonly repeats: number
  readonly kernelSize: number
  /** Of the first block; the others have 1. */
  readonly stride: number
  /** Channels inside a block to those that enter it. */
  readonly expand: number
  readonly channels: number
}

/**
 * EfficientNet-B0's stages; 32 channels enter the first.
 * @paper arXiv:1905.11946, table 1
 */
export const stages: readonly Stage[] = [
  { repeats: 1, kernelSize: 3, stride: 1, expand: 1, channels: 16 },
  { repeats: 2, kernelSize: 3, stride: 2, expand: 6, channels: 24 },
  { repeats: 2, kernelSize: 5, stride: 2, expand: 6, channels: 40 },
  { repeats: 3, kernelSize: 3, stride: 2, expand: 6, channels: 80 },
  { repeats: 3, kernelSize: 5, stride: 1, expand: 6, channels: 112 },
  { repeats: 4, kernelSize: 5, stride: 2, expand: 6, channels: 192 },
  { repeats: 1, kernelSize: 3, stride: 1, expand: 6, channels: 320 },
]
export const stemChannels = 32
export const headChannels = 1280

/** What tells the members of the family apart. */
export interface Scaling {
  /** Channels are multiplied by it. */
  readonly width: number
  /** Repeats are multiplied by it. */
  readonly depth: number
  /** Image size that it was trained at, in pixels. */
  readonly imageSize: number
  /** Share of the features that is dropped before the last layer. */
  readonly dropout: number
}

/** The published scalings, from the reference code: they follow α·β²·γ² ≈ 2 in the paper only roughly. */
export const variants = {
  'efficientnet-b0': { width: 1, depth: 1, imageSize: 224, dropout: 0.2 },
  'efficientnet-b1': { width: 1, depth: 1.1, imageSize: 240, dropout: 0.2 },
  'efficientnet-b2': { width: 1.1, depth: 1.2, imageSize: 260, dropout: 0.3 },
  'efficientnet-b3': { width: 1.2, depth: 1.4, imageSize: 300, dropout: 0.3 },
  'efficientnet-b4': { width: 1.4, depth: 1.8, imageSize: 380, dropout: 0.4 },
  'efficientnet-b5': { width: 1.6, depth: 2.2, imageSize: 456, dropout: 0.4 },
  'efficientnet-b6': { width: 1.8, depth: 2.6, imageSize: 528, dropout: 0.5 },
  'efficientnet-b7': { width: 2, depth: 3.1, imageSize: 600, dropout: 0.5 },
  'efficientnet-b8': { width: 2.2, depth: 3.6, imageSize: 672, dropout: 0.5 },
  'efficientnet-l2': { width: 4.3, depth: 5.3, imageSize: 800, dropout: 0.5 },
} as const satisfies Record<string, Scaling>

export type VariantName = keyof typeof variants
