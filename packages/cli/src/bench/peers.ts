import os from 'node:os'
import { fail, type Row } from '@tricklab/core'
import type { PeerSetup } from './messages.ts'
import { networkOf } from './network.ts'
import { torchSide } from './python.ts'
import type { Training } from './share.ts'
import { nodeSide, type SideCommand } from './side.ts'

export const peerNames = ['tfjs', 'torch', 'none'] as const
export type PeerName = (typeof peerNames)[number]

/** How PyTorch lays out images; `faster`: whichever a short measurement prefers. */
export const memoryFormats = ['faster', 'contiguous', 'channels-last'] as const
export type MemoryFormat = (typeof memoryFormats)[number]

/**
 * How to start a peer that can train every row; undefined for none.
 * @errors E_PEER_UNAVAILABLE
 */
export function findPeer(name: PeerName, rows: readonly Row[]): SideCommand | undefined {
  if (name === 'none') return undefined
  // All that may be wrong with a row is found before the first one is measured.
  for (const row of rows) {
    const { kind } = networkOf(row, 1, 1)
    if (name === 'tfjs' && kind === 'xresnet') {
      fail('E_PEER_UNAVAILABLE', {
        what: `The peer tfjs does not train ${row.table.id}/${row.name}: a step would take it minutes.`,
        expected: 'a network of the FashionMNIST table.',
        received: `${kind}.`,
        fix: 'measure it with --peer torch or --peer none.',
      })
    }
  }
  if (name === 'tfjs') return nodeSide('plain TF.js', './tfjs-peer/main.ts')
  return torchSide('PyTorch', 'torch-peer.py')
}

/** What the peer has to know to train the row from the weights and on the batches of our side. */
export function peerSetup(
  row: Row,
  ours: Training,
  options: { share: string; warmup: number; threads: number | undefined; precision: string; channelsLast: boolean },
): PeerSetup {
  return {
    network: networkOf(row, ours.imageShape[2]!, ours.classes),
    parameters: ours.parameters,
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
export const peerName = (text: string): PeerName => oneOf('--peer', peerNames, text)

/** @errors E_ARGUMENT */
export const memoryFormat = (text: string): MemoryFormat => oneOf('--memory-format', memoryFormats, text)

function oneOf<T extends string>(option: string, names: readonly T[], text: string): T {
  const known = names.find((name) => name === text)
  if (known !== undefined) return known
  return fail('E_ARGUMENT', {
    what: `${option} is not of the right form.`,
    expected: `${names.join(', ')}.`,
    received: `"${text}".`,
    fix: 'see --help.',
  })
}
