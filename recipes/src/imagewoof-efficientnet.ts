import { defineTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mbconv from '@tricklab/plugin-mbconv'
import rangerPlugin from '@tricklab/plugin-ranger'
import { comparedRows, comparison } from './parts/efficientnet.ts'

/** EfficientNet-B0 against xresnet50 and ResNet-50 on Imagewoof: at equal epochs, equal work and equal time. */
export default defineTable({
  id: 'imagewoof-efficientnet',
  title: 'Imagewoof, 128 px: EfficientNet-B0 against xresnet50 and ResNet-50',
  source:
    'fast.ai forum, "EfficientNet" (002_eac72378d517d72f.txt), which announces the comparison and prints no value',
  plugins: [data, nn, optim, labelSmoothing, mbconv, rangerPlugin],
  base: comparison('imagewoof2'),
  rows: comparedRows,
})
