/** What a step of ours and of a peer is measured with. */
import type { Engine } from '@tricklab/engine'
import type { Ready } from '@tricklab/repro'
import type { Network } from './network.ts'

/** First line to our own side. */
export interface OursSetup {
  readonly target: string
  readonly engine: string
  readonly precision: string
  readonly threads?: number
  readonly dataPaths: readonly string[]
  readonly warmup: number
  /** Where weights and batches go before the first step, for the peer to start from. */
  readonly share?: string
}

/** First line to a peer. */
export interface PeerSetup {
  readonly network: Network
  /** Trainable numbers of our side's model; the peer must have as many. */
  readonly parameters: number
  /** Weights and batches, a safetensors file. */
  readonly share: string
  readonly batches: number
  readonly warmup: number
  readonly threads: number
  readonly precision: string
  readonly channelsLast: boolean
  /** Whether PyTorch compiles the network. */
  readonly compile: boolean
  readonly totalSteps: number
  readonly optimizer: { readonly [option: string]: unknown }
  readonly schedule: { readonly [option: string]: unknown }
  /** Rate of the first step, for a side without the schedule. */
  readonly firstLearningRate: number
}

/** What only our own side knows. */
export interface OursReady extends Ready {
  readonly engine: Engine
  readonly batchSize: number
  readonly batches: number
  readonly imageShape: readonly number[]
  readonly classes: number
  /** Trainable numbers of the model. */
  readonly parameters: number
  readonly totalSteps: number
  readonly firstLearningRate: number
}
