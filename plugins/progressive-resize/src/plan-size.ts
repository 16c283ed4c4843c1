/** When training images are how large. */
export interface Growth {
  /** Share of the full width at the beginning. */
  readonly initialScale: number
  /** Share of the fit before growing begins. */
  readonly delayFraction: number
  /** Share of the fit at the end that sees full images. */
  readonly finetuneFraction: number
  /** Widths are multiples of it. */
  readonly sizeIncrement: number
}

/**
 * Size of the images once a share `elapsed` of the fit is over; never above the full size.
 *
 * `scale = s₀ + (1 − s₀) · min(1, (elapsed − delay) / (1 − finetune − delay))`, `s₀` before the delay; the width is
 * `round(width · scale / increment) · increment`, the height follows it, rounded down.
 * @shape height and width
 */
export function planSize(
  elapsed: number,
  [height, width]: readonly [height: number, width: number],
  { initialScale, delayFraction, finetuneFraction, sizeIncrement }: Growth,
): readonly [height: number, width: number] {
  const ramp = 1 - finetuneFraction - delayFraction
  // Without a ramp the step from small to full is where the delay ends.
  const done = elapsed < delayFraction ? 0 : ramp <= 0 ? 1 : Math.min(1, (elapsed - delayFraction) / ramp)
  if (done === 1) return [height, width]
  const scale = initialScale + (1 - initialScale) * done
  const pinned = Math.round((width * scale) / sizeIncrement) * sizeIncrement
  return pinned >= width ? [height, width] : [Math.floor((height * pinned) / width), pinned]
}
