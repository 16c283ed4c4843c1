import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { efficientnet } from './create-efficientnet.ts'
import { createMbconv, options } from './create-mbconv.ts'
import { variants } from './variants.ts'

export { costOf, type NetworkCost } from './cost.ts'
export { type NetworkPlan, planEfficientnet } from './plan.ts'
export { type Scaling, type VariantName, variants } from './variants.ts'

export default definePlugin({
  name: 'mbconv',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1905.11946',
  register: (on) => [
    on.block('mbconv', {
      doc: 'MBConv, an inverted bottleneck with squeeze-and-excitation.',
      options,
      create: createMbconv,
    }),
    on.model('efficientnet-b0', efficientnet('EfficientNet-B0', variants['efficientnet-b0'])),
    on.model('efficientnet-b1', efficientnet('EfficientNet-B1', variants['efficientnet-b1'])),
    on.model('efficientnet-b2', efficientnet('EfficientNet-B2', variants['efficientnet-b2'])),
    on.model('efficientnet-b3', efficientnet('EfficientNet-B3', variants['efficientnet-b3'])),
    on.model('efficientnet-b4', efficientnet('EfficientNet-B4', variants['efficientnet-b4'])),
    on.model('efficientnet-b5', efficientnet('EfficientNet-B5', variants['efficientnet-b5'])),
    on.model('efficientnet-b6', efficientnet('EfficientNet-B6', variants['efficientnet-b6'])),
    on.model('efficientnet-b7', efficientnet('EfficientNet-B7', variants['efficientnet-b7'])),
    on.model('efficientnet-b8', efficientnet('EfficientNet-B8', variants['efficientnet-b8'])),
    on.model('efficientnet-l2', efficientnet('EfficientNet-L2', variants['efficientnet-l2'])),
  ],
})
