import seedrandom from 'seedrandom'

/** A finite or infinite sequence of random numbers, drawn in order. */
export interface Stream {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number
  /** Uniform integer in [0, bound). `bound` at most 2³². */
  integer(bound: number): number
  /** Standard normal. */
  normal(): number
  /** Gamma(shape, 1), shape > 0. */
  gamma(shape: number): number
  /** Beta(a, b), a and b > 0. */
  beta(a: number, b: number): number
  /** A uniformly random order of 0 … length−1. */
  permutation(length: number): Uint32Array
}

/**
 * Keyed randomness: every use names its key, so no feature shifts the numbers of another.
 * The same seed and key give the same stream on every machine and engine, at any moment of a run.
 */
export interface Rng {
  /** The stream of this key: `rng.at('mixup', step)`. Each call starts the stream anew. */
  at(...key: readonly (string | number)[]): Stream
  /** A generator whose keys all lie below `key`: `rng.scope('stage1/block2')`. */
  scope(...key: readonly (string | number)[]): Rng
}

/** Creates the generator of a seed. The seed may be any integer, 0 and negative ones included. */
export function createRng(seed: number): Rng {
  return scoped([seed])
}

function scoped(prefix: readonly (string | number)[]): Rng {
  return {
    at: (...key) => createStream(JSON.stringify([...prefix, ...key])),
    scope: (...key) => scoped([...prefix, ...key]),
  }
}

function createStream(key: string): Stream {
  // ARC4 mixes the whole key but is slow to draw from; Alea is fast but mixes short keys weakly. So one seeds the other.
  const mixer = seedrandom(key)
  const draw = seedrandom.alea(`${mixer.int32()}:${mixer.int32()}:${mixer.int32()}:${mixer.int32()}`)
  let spare: number | undefined

  const stream: Stream = {
    uniform: () => draw(),
    integer: (bound) => Math.floor(draw() * bound),
    normal() {
      if (spare !== undefined) {
        const value = spare
        spare = undefined
        return value
      }
      // Box-Muller; 1 − u is in (0, 1], so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - draw()))
      const angle = 2 * Math.PI * draw()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    gamma(shape) {
      if (!(shape > 0)) throw new RangeError(`gamma needs a shape above 0; received ${shape}`)
      // Marsaglia and Tsang (2000); below 1 by the boost Gamma(a) = Gamma(a + 1) · U^(1/a).
      if (shape < 1) return stream.gamma(shape + 1) * (1 - draw()) ** (1 / shape)
      const d = shape - 1 / 3
      const c = 1 / Math.sqrt(9 * d)
      for (;;) {
        const z = stream.normal()
        const v = (1 + c * z) ** 3
        if (v > 0 && Math.log(1 - draw()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v
      }
    },
    beta(a, b) {
      const x = stream.gamma(a)
      const y = stream.gamma(b)
      // Both can underflow to 0 for tiny shapes; the distribution is then two spikes of mass a/(a+b) at 1 and b/(a+b) at 0.
      if (x + y === 0) return draw() < a / (a + b) ? 1 : 0
      return x / (x + y)
    },
    permutation(length) {
      const order = Uint32Array.from({ length }, (_, index) => index)
      for (let i = length - 1; i > 0; i--) {
        const j = stream.integer(i + 1)
        const swapped = order[i]!
        order[i] = order[j]!
        order[j] = swapped
      }
      return order
    },
  }
  return stream
}
