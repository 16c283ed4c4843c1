/** A documented cost of training from photos that were shrunk before, against the original ones. */
export interface DataEffect {
  /** Names of the datasets that it was measured on. */
  readonly datasets: readonly string[]
  /** Size of the images that the network saw. @unit pixels */
  readonly imageSize: number
  /** Shorter side that the photos were shrunk to. @unit pixels */
  readonly shorterSide: number
  /** Accuracies from original and from shrunk photos. */
  readonly measured: readonly {
    readonly epochs: number
    readonly original: number
    readonly shrunk: number
    readonly runs: number
  }[]
  readonly source: string
}

/** What is documented of the photos themselves: reports show it where a row was judged on other photos than its source's. */
export const dataEffects: readonly DataEffect[] = [
  {
    datasets: ['imagewoof', 'imagewoof2'],
    imageSize: 128,
    shorterSide: 160,
    measured: [
      { epochs: 5, original: 0.6389, shrunk: 0.6125, runs: 20 },
      { epochs: 20, original: 0.824, shrunk: 0.8087, runs: 3 },
    ],
    source: 'sdoria/Imagenette_resize_glitch@d0509a4, August 2019, Imagewoof v1',
  },
]
