import { eventNames, fail, normalizeRow, normalizeVariant, type Row } from '@tricklab/core'
import { findTarget, harnessHooks } from '@tricklab/repro'
import { describeRow } from '@tricklab/train'
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

/**
 * What happens in a fit, in order: the loop's own work and the callbacks of every event; of every stage, if there are any.
 * The data are opened only where nothing else tells the classes.
 */
export async function explain(text: string, dataPaths: readonly string[]): Promise<string> {
  const row = await oneRow(text)
  const { stages, knownInput, openDataset, hookOrder } = describeRow(row)
  let classes = knownInput(stages[0])?.classes
  if (classes === undefined) {
    const dataset = await openDataset({ dataPaths, progress: () => {} })
    classes = dataset.classes
    dataset.dispose?.()
  }
  const hooks = hookOrder(classes, harnessHooks)
  const parts = stages.map((stage, index) => {
    const { epochs, batchSize } = stage.recipe
    const length = epochs === 1 ? '1 epoch' : `${epochs} epochs`
    const head = `stage ${index + 1} of ${stages.length}: ${length} in batches of ${batchSize}`
    const lines = explainStage(stage, (event) => hooks[stages.length > 1 ? `${index + 1}/${event}` : event])
    return [...(stages.length > 1 ? ['', head] : []), ...lines].join('\n')
  })
  return [`${row.table.id}/${row.name}`, ...parts].join('\n')
}

function explainStage({ recipe }: Row, callbacksOf: (event: string) => readonly string[] | undefined): string[] {
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
    const callbacks = callbacksOf(event) ?? []
    return `${event.padEnd(width)}  ${(own[event] ?? '').padEnd(52)}  ${callbacks.join(' → ') || '–'}`
  })
  return [`${'event'.padEnd(width)}  ${'the loop'.padEnd(52)}  callbacks`, ...lines]
}
