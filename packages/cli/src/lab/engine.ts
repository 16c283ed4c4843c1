import { fail } from '@tricklab/core'
import { installTensorflow } from '@tricklab/engine'
import type { Command } from 'commander'
import { collect } from '../ui/main.ts'
import { createProgressView } from '../ui/progress-view.ts'

/** Declares `lab engine`. */
export function addEngine(program: Command): void {
  const engine = program.command('engine').description('install engines that Tricklab does not come with')
  engine
    .command('install')
    .description('download the binary of an engine')
    .argument('<engine>', 'tensorflow')
    .option('--gpu', 'take the CUDA build')
    .option('--from <source>', 'file or https URL: a libtensorflow archive or a TensorFlow wheel')
    .option(
      '--sha256 <hex>',
      'checksum of a downloaded file whose checksum Tricklab does not know; repeatable',
      collect,
    )
    .action(installEngine)
}

interface InstallArguments {
  gpu?: boolean
  from?: string
  sha256?: string[]
}

async function installEngine(name: string, { gpu, from, sha256 }: InstallArguments): Promise<void> {
  if (name !== 'tensorflow') {
    fail('E_ENGINE_UNKNOWN', {
      what: `The engine "${name}" has nothing to install.`,
      expected: 'tensorflow.',
      received: `"${name}".`,
      fix: '`pnpm lab doctor` says what every engine needs.',
    })
  }
  const view = createProgressView()
  try {
    const installed = await installTensorflow({
      gpu: gpu === true,
      ...(from === undefined ? {} : { from }),
      ...(sha256 === undefined ? {} : { sha256 }),
      onProgress({ step, subject, done, total }) {
        if (done === undefined) view.sink({ kind: 'notice', message: `${step}: ${subject}` })
        else view.sink({ kind: 'data', what: subject, done, total })
      },
    })
    process.stdout.write(`The engine tensorflow is installed: ${installed.source} (SHA-256 ${installed.sha256}).\n`)
  } finally {
    view.close()
  }
}
