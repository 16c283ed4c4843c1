import type { Scores } from '@tricklab/core/contracts'

/** What a run tells while it goes on; the command line draws it, a job process sends it on. */
export type ProgressEvent =
  | { readonly kind: 'notice'; readonly message: string }
  | {
      readonly kind: 'data'
      readonly what: string
      readonly done: number
      readonly total: number | undefined
      /** What is counted; bytes when absent. */
      readonly unit?: string
    }
  | {
      readonly kind: 'step'
      readonly job: string
      readonly epoch: number
      readonly epochs: number
      readonly training: boolean
      /** Batches of this pass that are done, and all of them. */
      readonly done: number
      readonly total: number
      readonly loss: number
      readonly imagesPerSecond: number
      readonly secondsLeft: number
    }
  | {
      readonly kind: 'epoch'
      readonly job: string
      readonly epoch: number
      readonly epochs: number
      readonly train: Scores
      readonly valid: Scores
      readonly seconds: number
    }
  | { readonly kind: 'done'; readonly job: string }

export type ProgressSink = (event: ProgressEvent) => void
