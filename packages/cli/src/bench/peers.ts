import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, type Row } from '@tricklab/core'
import type { OursReady, PeerSetup } from './messages.ts'
import { networkOf } from './network.ts'
import { findTorchPython } from './python.ts'
import { nodeSide, type SideCommand } from './side.ts'

export const peerNames = ['tfjs', 'torch', 'none'] as const
export type PeerName = (typeof peerNames)[number]

/** How to start a peer; undefined for none. @errors E_PEER_UNAVAILABLE */
export function findPeer(name: PeerName): SideCommand | undefined {
  if (name === 'none') return undefined
  if (name === 'tfjs') return nodeSide('plain TF.js', './tfjs-peer/main.ts')
  const { program } = findTorchPython()
  const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'torch-peer.py')
  return { title: 'PyTorch', program, args: ['-u', script] }
}

/** What the peer has to know to train the row from the weights and on the batches of our side. */
export function peerSetup(
  row: Row,
  ours: OursReady,
  options: { share: string; warmup: number; threads: number | undefined; precision: string; channelsLast: boolean },
): PeerSetup {
  return {
    network: networkOf(row, ours.imageShape[2]!, ours.classes),
    share: options.share,
    batches: ours.batches,
    warmup: options.warmup,
    threads: options.threads ?? os.availableParallelism(),
    precision: options.precision,
    channelsLast: options.channelsLast,
    totalSteps: ours.totalSteps,
    optimizer: row.recipe.optimizer,
    schedule: row.recipe.schedule,
    firstLearningRate: ours.firstLearningRate,
  }
}

/** @errors E_ARGUMENT */
export function peerName(text: string): PeerName {
  const known = peerNames.find((name) => name === text)
  if (known !== undefined) return known
  return fail('E_ARGUMENT', {
    what: '--peer is not of the right form.',
    expected: `${peerNames.join(', ')}.`,
    received: `"${text}".`,
    fix: 'see --help.',
  })
}
