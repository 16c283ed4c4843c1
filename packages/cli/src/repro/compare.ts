import { compareSides, formatComparison, readSide } from '@tricklab/repro'
import type { Command } from 'commander'
import { positiveNumber } from '../options/arguments.ts'
import { recordsHelp, recordsOf } from './records.ts'

interface CompareArguments {
  readonly metric?: string
  readonly margin: number
  readonly paired?: boolean
  readonly records?: string
  readonly json?: boolean
}

const sideHelp =
  'a run folder, TABLE/ROW of a record, or a .jsonl file of results as the programs in controls/ write it'

/** `repro compare`: exit code 1 where the first side is shown to be worse. */
export function addCompareCommand(program: Command): void {
  program
    .command('compare')
    .description(
      'say whether the trainings of one run end worse than, or as well as, those of another; exit code 1: worse',
    )
    .argument('<run>', sideHelp)
    .argument('<reference>', `what the run is compared with: ${sideHelp}`)
    .option('--metric <name>', 'score to compare; default: the one that the run is judged by')
    .option(
      '--margin <n>',
      'largest difference that counts as none, in units of the metric; 0.01 is one percentage point',
      positiveNumber('--margin'),
      0.01,
    )
    .option(
      '--paired',
      'compare seed by seed: for trainings that share initial weights and batches, as those of controls/follow.py',
    )
    .option('--records <folder>', recordsHelp)
    .option('--json', 'one JSON object on standard output')
    .action(async (run: string, reference: string, { metric, margin, paired, records, json }: CompareArguments) => {
      const { root } = await recordsOf({ records }, 'must exist')
      const [first, second] = [await readSide(run, root), await readSide(reference, root)]
      const compared = compareSides(first, second, { metric, margin, paired })
      process.stdout.write(json === true ? `${JSON.stringify(compared)}\n` : `${formatComparison(compared)}\n`)
      process.exitCode = compared.outcome === 'worse' ? 1 : 0
    })
}
