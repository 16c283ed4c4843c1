import type { Rng, Shape } from '@tricklab/core'

/**
 * One smooth pattern a class, values in [0.1, 0.9]: a wave whose direction tells the class even when the network pools
 * over all positions, and a bright spot whose place tells it to a network that looks at positions.
 */
export function drawPatterns(rng: Rng, classes: number, [height, width, channels]: Shape): Float64Array[] {
  const turn = rng.at('turn').uniform()
  return Array.from({ length: classes }, (_, label) => {
    const stream = rng.at('pattern', label)
    const pattern = new Float64Array(height * width * channels)
    const direction = (Math.PI * (label + turn)) / classes
    const spot = 2 * direction
    for (let channel = 0; channel < channels; channel++) {
      const frequency = 2 + 2 * stream.uniform()
      const phase = 2 * Math.PI * stream.uniform()
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const y = (row + 0.5) / height - 0.5
          const x = (column + 0.5) / width - 0.5
          const along = x * Math.cos(direction) + y * Math.sin(direction)
          const wave = Math.cos(2 * Math.PI * frequency * along + phase)
          const distance = (x - 0.3 * Math.cos(spot)) ** 2 + (y - 0.3 * Math.sin(spot)) ** 2
          pattern[(row * width + column) * channels + channel] = 0.4 + 0.2 * wave + 0.3 * Math.exp(-30 * distance) - 0.1
        }
      }
    }
    return pattern
  })
}
