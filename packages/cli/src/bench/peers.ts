import os from 'node:os'
import { fail } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import { nodeSide, type SideCommand } from '@tricklab/repro'
import type { PeerSetup } from './messages.ts'
import { networkOf } from './network.ts'
import { keptPages, torchSide } from './python.ts'
import type { Training } from './share.ts'

export const peerNames = ['tfjs', 'torch', 'none'] as const
export type PeerName = (typeof peerNames)[number]

/** How PyTorch lays out images; `faster`: whichever a short measurement prefers. */
export const memoryFormats = ['faster', 'contiguous', 'channels-last'] as const
export type MemoryFormat = (typeof memoryFormats)[number]

/** One way to run a peer; the best of them is what ours is held against. */
export interface PeerVariant {
  /** What sets it apart, such as `default allocator`; empty where there is one way. */
  readonly label: string
  readonly command: SideCommand
  readonly compile: boolean
}

/**
 * How to start a peer that can train every row: PyTorch as it is installed, with memory kept as its guide says, and
 * compiled if `compile` is set. None for the peer `none`.
 * @errors E_PEER_UNAVAILABLE, E_ARGUMENT
 */
export function findPeers(name: PeerName, rows: readonly Row[], compile = false): readonly PeerVariant[] {
  if (compile && name !== 'torch') {
    fail('E_ARGUMENT', {
      what: '--compile is for the peer torch.',
      expected: '--peer torch.',
      received: `--peer ${name}.`,
      fix: 'leave --compile out, or add --peer torch.',
    })
  }
  if (name === 'none') return []
  // All that may be wrong with a row is found before the first one is measured.
  for (const row of rows) {
    const { kind } = networkOf(row, 1, 1)
    if (name === 'tfjs' && kind === 'xresnet') {
      fail('E_PEER_UNAVAILABLE', {
        what: `The peer tfjs is too slow for ${row.table.id}/${row.name}: one step would take minutes.`,
        expected: 'a network of the FashionMNIST table.',
        received: `${kind}.`,
        fix: 'measure it with --peer torch or --peer none.',
      })
    }
  }
  if (name === 'tfjs')
    return [{ label: '', command: nodeSide('plain TF.js', './tfjs-peer/main.ts', import.meta.url), compile: false }]
  const command = torchSide('PyTorch', 'torch-peer.py')
  const keeping = { ...command, env: keptPages }
  return [
    { label: 'allocator that keeps its pages', command: keeping, compile: false },
    { label: 'default allocator', command, compile: false },
    ...(compile ? [{ label: 'allocator that keeps its pages', command: keeping, compile }] : []),
  ]
}

/** What the peer has to know to train the row from the weights and on the batches of our side. */
export function peerSetup(
  row: Row,
  ours: Training,
  options: {
    share: string
    warmup: number
    threads: number | undefined
    precision: string
    channelsLast: boolean
    compile: boolean
  },
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
    compile: options.compile,
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
