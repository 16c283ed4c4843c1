import { defineSummaryTable } from '@tricklab/core/recipe'
import { nn } from '@tricklab/nn'

/**
 * The parameter and MFlops tables of the same page: arithmetic, so they must agree to the last digit.
 * The page prints no MFlops for `double-conv` and only the total for `timm-resnet18`; the multiply-accumulates are ours.
 */
export default defineSummaryTable({
  id: 'fashionmnist-summary',
  title: 'FashionMNIST networks: parameters and MFlops by layer',
  source: 'SlowAI, "ResNets" (004_cd1f3549efaaf2f2.txt)',
  plugins: [nn],
  imageShape: [28, 28, 1],
  classes: 10,
  rows: {
    conv: {
      model: { use: 'slowai-deeper-cnn', slots: { block: 'conv' } },
      reported: {
        params: [216, 1184, 4672, 18560, 73984, 11540],
        mflops: [0.2, 0.2, 0.2, 0.3, 0.3, 0.0],
        totalParams: 110156,
        megaMacs: 1.21,
      },
    },
    residual: {
      model: { use: 'slowai-deeper-cnn', slots: { block: 'residual-conv' } },
      reported: {
        params: [1848, 3664, 14496, 57664, 230016, 13750],
        mflops: [1.4, 0.7, 0.7, 0.9, 0.9, 0.0],
        totalParams: 321438,
        megaMacs: 7.55,
      },
    },
    'double-conv': {
      model: { use: 'slowai-deeper-cnn', slots: { block: 'double-conv' } },
      reported: {
        params: [1832, 3520, 13952, 55552, 221696, 12460],
        totalParams: 309012,
        megaMacs: 7.43,
      },
    },
    'timm-resnet18': {
      model: 'resnet18',
      reported: { totalParams: 11175370, megaMacs: 33.0 },
    },
  },
})
