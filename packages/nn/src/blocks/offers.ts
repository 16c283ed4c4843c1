import type { Block, BlockContext } from '@tricklab/core'

/** What the skeletons of this package offer to the blocks in their slots, beyond what every block is told. */
export interface Offers {
  /** True where the output should start at 0, so that the branch that ends here is off at first: a norm's γ is 0. */
  readonly zero?: boolean
  /** Blocks of blocks: output channels divided by those inside the branch; 4 in a bottleneck, 1 when left out. */
  readonly expansion?: number
  /** Groups of the convolution that stands there by default; 1 when left out. A block with groups of its own has those. */
  readonly groups?: number
  /** Makes the convolution whose place the block may take, for a block that takes some places and not others. */
  readonly original?: () => Block
}

/** What a block in a slot of these skeletons is built for. */
export type PlaceContext = BlockContext<Offers>
