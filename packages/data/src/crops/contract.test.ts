import { cropContract } from '@tricklab/testing'
import { data } from '../index.ts'

const size = 24

cropContract({
  plugin: data,
  name: 'random-resized-crop',
  options: [
    { size },
    { size, smallImages: 'refuse' },
    { size, minScale: 0.35, maxScale: 0.9, flip: 0 },
    { size, minRatio: 1, maxRatio: 1, flip: 1 },
  ],
})

cropContract({ plugin: data, name: 'resize-crop', options: [{ size }, { size, flip: 0.5, smallImages: 'refuse' }] })

cropContract({ plugin: data, name: 'resize-crop', options: [{ size, method: 'squish' }], fixed: true })

cropContract({ plugin: data, name: 'resize-crop', options: [{ size, method: 'squish', flip: 0.5 }] })

cropContract({
  plugin: data,
  name: 'resize-center-crop',
  options: [{ size }, { size, margin: 0 }, { size, margin: 3, smallImages: 'refuse' }],
  fixed: true,
})

cropContract({
  plugin: data,
  name: 'squash-center-crop',
  options: [{ size }, { size, extra: 0 }, { size, extra: 1, smallImages: 'refuse' }],
  fixed: true,
})
