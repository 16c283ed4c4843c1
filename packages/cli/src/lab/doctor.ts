import { formatDoctor, probeEngines } from '@tricklab/engine'
import { createProgressView } from '../ui/progress-view.ts'

/** `lab doctor`; which engine is being examined goes to standard error, for each may take seconds. */
export async function doctor({ json }: { json?: boolean }): Promise<void> {
  const view = createProgressView()
  try {
    const reports = await probeEngines(undefined, {
      onBegin: (name, index, count) =>
        view.sink({ kind: 'notice', message: `Examining engine ${index + 1}/${count}: ${name}` }),
    })
    process.stdout.write(json === true ? `${JSON.stringify(reports)}\n` : `${formatDoctor(reports)}\n`)
  } finally {
    view.close()
  }
}
