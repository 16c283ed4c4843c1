/** Weight of the past in the running training loss: fastai's. */
const beta = 0.98

/** What a checkpoint keeps of a running loss. */
export interface SmoothLossState {
  readonly average: number
  readonly count: number
}

/**
 * Running mean of the training loss over the batches of a fit: what fastai prints as `train_loss`.
 *
 * `a ← β·a + (1 − β)·loss` with β 0.98, divided by `1 − β^count` because it starts from 0. It goes on over epochs, so it
 * tells the last fifty batches or so, where the mean of an epoch tells all of them.
 */
export class SmoothLoss {
  private average = 0
  private count = 0

  add(loss: number): void {
    this.average = beta * this.average + (1 - beta) * loss
    this.count += 1
  }

  compute(): number {
    return this.average / (1 - beta ** this.count)
  }

  state(): SmoothLossState {
    return { average: this.average, count: this.count }
  }

  restore({ average, count }: SmoothLossState): void {
    this.average = average
    this.count = count
  }
}
