import { augmentationContract } from '@tricklab/testing'
import { data } from '../index.ts'

augmentationContract({
  plugin: data,
  name: 'aug-transforms',
  options: [
    {},
    // Cuts, shrinks by more than two, and moves far enough to mirror several times.
    { size: 3, minScale: 0.5, maxRotate: 180, minZoom: 0.3, maxZoom: 2, maxWarp: 0.5, affineChance: 1 },
  ],
  off: { flip: 0, affineChance: 0, lightingChance: 0 },
})
