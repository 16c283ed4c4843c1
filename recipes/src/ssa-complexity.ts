import { defineMeasurementTable } from '@tricklab/core/recipe'
import ssa from '@tricklab/plugin-ssa'

const byChannels = { use: 'ssa', order: 'channels' } as const
const byPositions = { use: 'ssa', order: 'positions' } as const

/**
 * What the order of the products in SimpleSelfAttention costs: `(X Xᵀ)(W X)` is linear in the positions, `X(Xᵀ(W X))`
 * quadratic, so that the first is the cheaper one where there are more positions than channels.
 *
 * 256 channels are those of xresnet50's first stage, where 32 × 32 positions are images of 128 pixels. Multiply-adds of
 * the second order are C²N + 2CN²: over the fitted sizes, 4 to 16 positions a channel, that grows with exponent 1.95.
 */
export default defineMeasurementTable({
  id: 'ssa-complexity',
  title: 'SimpleSelfAttention: both orders of multiplication over the number of positions',
  source: 'fast.ai forum, "Imagenette/Imagewoof Leaderboards" (000_ffe35514856d6769.txt)',
  measures: 'scaling',
  plugins: [ssa],
  channels: 256,
  batchSize: 1,
  sides: [6, 8, 12, 16, 24, 32, 40, 48, 64],
  fitFrom: 32,
  tolerance: 0.25,
  rows: {
    'channels-time': { block: byChannels, grows: 'time', reported: { exponent: 1 } },
    'positions-time': { block: byPositions, grows: 'time', reported: { exponent: 2 } },
    'channels-memory': { block: byChannels, grows: 'memory' },
    'positions-memory': { block: byPositions, grows: 'memory' },
    'cheaper-above-channels': {
      block: byChannels,
      than: byPositions,
      reported: { cheaperAbove: 256 },
      tolerance: 0,
      note: 'We derive this value from the multiply-accumulates, 3C²N against C²N + 2CN². The source says only that the first grows more slowly.',
    },
  },
})
