import { fail } from '@tricklab/core'
import { type Tracking, trackedExtras, trackerNames } from '@tricklab/repro'
import type { Command } from 'commander'

/** What `addTrackingOptions` adds. */
export interface TrackingArguments {
  readonly log?: Tracking['to']
  readonly logAlso?: Tracking['also']
}

/** Adds `--log` and `--log-also`: who is told of a training. */
export function addTrackingOptions(command: Command): Command {
  return command
    .option(
      '--log <names>',
      `also tell trackers of the training: ${trackerNames.join(', ')}, or several as tensorboard,csv`,
      listOf('--log', trackerNames),
    )
    .option(
      '--log-also <what>',
      'what TensorBoard gets beside numbers: images (of training batches, augmented), weights (histograms), or both',
      listOf('--log-also', trackedExtras),
    )
}

/** Reads them. @errors E_ARGUMENT for extras that no tracker takes */
export function trackingOf({ log, logAlso }: TrackingArguments): Tracking | undefined {
  if (logAlso !== undefined && !log?.includes('tensorboard')) {
    fail('E_ARGUMENT', {
      what: '--log-also is for TensorBoard, which is told nothing.',
      expected: '--log with tensorboard.',
      received: log === undefined ? 'no --log.' : `--log ${log.join(',')}.`,
      fix: 'add --log tensorboard, or leave out --log-also.',
    })
  }
  return log && { to: log, ...(logAlso === undefined ? {} : { also: logAlso }) }
}

/** `a,b`: every name once, in any order. */
function listOf<T extends string>(option: string, choices: readonly T[]) {
  return (text: string): T[] => {
    const names = text.split(',').map((name) => name.trim())
    const chosen = choices.filter((choice) => names.includes(choice))
    if (chosen.length === names.length) return chosen
    return fail('E_ARGUMENT', {
      what: `${option} is not of the right form.`,
      expected: `one or several of ${choices.join(',')}, each once.`,
      received: `"${text}".`,
      fix: 'see --help.',
    })
  }
}
