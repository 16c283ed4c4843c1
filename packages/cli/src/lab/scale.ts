import path from 'node:path'
import { fail } from '@tricklab/core'
import { writeFileAtomic } from '@tricklab/core/checkpoint'
import { scalingPage } from './scale/page.ts'
import { compareWith, type Scaling, scaleEfficientnet } from './scale/plan.ts'
import { formatNetworks } from './scale/text.ts'

export interface ScaleArguments extends Scaling {
  readonly out: string
  readonly json?: boolean
}

/** `pnpm lab scale efficientnet`: parameters, work and memory of a scaling, beside the published ones and xresnet. */
export async function showScaling(family: string, given: ScaleArguments): Promise<void> {
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
