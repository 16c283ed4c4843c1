import path from 'node:path'
import { fail } from '@tricklab/core'
import { writeFileAtomic } from '@tricklab/core/files'
import { prepareEngine } from '@tricklab/engine'
import type { Command } from 'commander'
import { positiveNumber, wholeNumber } from '../options/arguments.ts'
import { outFile } from '../ui/out-file.ts'
import { scalingPage } from './scale/page.ts'
import { compareWith, type Scaling, scaleEfficientnet } from './scale/plan.ts'
import { formatNetworks } from './scale/text.ts'

interface ScaleArguments extends Scaling {
  readonly out: string
  readonly json?: boolean
}

/** Declares `lab scale`. */
export function addScale(program: Command): void {
  program
    .command('scale')
    .description('compute how scaling a network changes parameters, multiply-accumulates and memory, without training')
    .argument('<family>', 'efficientnet')
    .option('--depth <factor>', 'factor for the number of blocks', positiveNumber('--depth'), 1)
    .option('--width <factor>', 'factor for the number of channels', positiveNumber('--width'), 1)
    .option('--size <pixels>', 'image size', wholeNumber('--size', 32), 224)
    .option('--classes <n>', 'number of classes', wholeNumber('--classes', 1), 1000)
    .option('--batch <n>', 'images in a training batch', wholeNumber('--batch', 1), 32)
    .option('--out <file>', 'file for the page', outFile, 'scaling.html')
    .option('--json', 'one JSON object on standard output, no page')
    .action((family: string, options: ScaleArguments) => showScaling(family, options))
}

/** `pnpm lab scale efficientnet`: parameters, work and memory of a scaling, beside the published ones and xresnet. */
async function showScaling(family: string, given: ScaleArguments): Promise<void> {
  if (family !== 'efficientnet') {
    fail('E_ARGUMENT', {
      what: `Tricklab knows no rule for scaling "${family}".`,
      expected: 'efficientnet.',
      received: `"${family}".`,
      fix: 'name efficientnet.',
    })
  }
  const { depth, width, size, classes, batch } = given
  const scaling = { depth, width, size, classes, batch }
  // The networks that are built are not computed with.
  await prepareEngine('cpu')
  const scaled = scaleEfficientnet(scaling)
  const others = compareWith(scaling)
  if (given.json === true) {
    process.stdout.write(`${JSON.stringify({ ...scaling, scaled, others })}\n`)
    return
  }
  const file = path.resolve(given.out)
  await writeFileAtomic(file, [scalingPage(scaling, scaled, others)])
  process.stdout.write(`${formatNetworks([scaled, ...others])}\n\nPage: ${file}\n`)
}
