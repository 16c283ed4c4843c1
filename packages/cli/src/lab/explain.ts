import { eventNames, fail, normalizeRow, normalizeVariant, type Row } from '@tricklab/core'
import { prepareEngine } from '@tricklab/engine'
import { describeHooks, findTarget, openDataset, stageRows } from '@tricklab/repro'
import type { Command } from 'commander'
import { addDataOption, type DataArguments } from '../repro/options.ts'

/** Declares `lab explain`. */
export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('print the events and callbacks of a row in the order in which they run')
    .argument('<target>', 'TABLE/ROW')
  addDataOption(command).action(async (target: string, { data = [] }: DataArguments) => {
    process.stdout.write(`${await explain(target, data)}\n`)
  })
}

/** The single row that can be trained which a target names: of a training table, or a variant whose steps are timed. @errors E_ARGUMENT */
export async function oneRow(text: string): Promise<Row> {
  const { table, rows } = await findTarget(text)
  const trainable = table.kind === 'training' || (table.kind === 'measurement' && table.measures === 'step-time')
  if (trainable && rows.length === 1) {
    return table.kind === 'training' ? normalizeRow(table, rows[0]!) : normalizeVariant(table, rows[0]!)
  }
  fail('E_ARGUMENT', {
    what: `"${text}" is not one training row.`,
    expected: trainable ? `one of ${rows.map((row) => `${table.id}/${row}`).join(', ')}.` : 'a training row.',
    received: trainable ? `${rows.length} rows.` : `a ${table.kind} table.`,
    fix: 'name TABLE/ROW; `pnpm repro list` shows all.',
  })
}

/** What happens in a fit, in order: the loop's own work and the callbacks of every event; of every stage, if there are any. */
export async function explain(text: string, dataPaths: readonly string[]): Promise<string> {
  const row = await oneRow(text)
  await prepareEngine('auto')
  const progress = () => {}
  const { signal } = new AbortController()
  const dataset = await openDataset(row, { dataPaths, progress, signal })
  const stages = stageRows(row)
  const parts: string[] = []
  for (const [index, stage] of stages.entries()) {
    const hooks = await describeHooks(stage, { limits: {}, progress, signal }, dataset)
    const { epochs, batchSize } = stage.recipe
    const length = epochs === 1 ? '1 epoch' : `${epochs} epochs`
    const head = `stage ${index + 1} of ${stages.length}: ${length} in batches of ${batchSize}`
    parts.push([...(stages.length > 1 ? ['', head] : []), ...explainStage(stage, hooks)].join('\n'))
  }
  dataset.dispose?.()
  return [`${row.table.id}/${row.name}`, ...parts].join('\n')
}

function explainStage({ recipe }: Row, hooks: { readonly [event: string]: readonly string[] }): string[] {
  const width = Math.max(...eventNames.map((event) => event.length))
  const own: { readonly [event: string]: string } = {
    beforeEpoch: 'read batches',
    afterPredict: `${recipe.model.skeleton.use} has scored`,
    afterLoss: `${recipe.loss.use} has been computed`,
    afterBackward: 'gradients are known',
    afterStep: `${recipe.optimizer.use} has stepped, at the rate of ${recipe.schedule.use}`,
    afterEpoch: `${recipe.metrics.map((metric) => metric.use).join(', ')} of both splits are known`,
  }
  const lines = eventNames.map((event) => {
    const callbacks = hooks[event] ?? []
    return `${event.padEnd(width)}  ${(own[event] ?? '').padEnd(52)}  ${callbacks.join(' → ') || '–'}`
  })
  return [`${'event'.padEnd(width)}  ${'the loop'.padEnd(52)}  callbacks`, ...lines]
}
