import { eventNames } from '@tricklab/core/contracts'
import { conflictsOf, type Row } from '@tricklab/core/recipe'
import { harnessHooks, oneRow } from '@tricklab/repro'
import { describeRow } from '@tricklab/train'
import type { Command } from 'commander'
import { addDataOption, type DataArguments } from '../options/options.ts'

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

/**
 * What happens in a fit, in order: the loop's own work and the callbacks of every event; of every stage, if there are any.
 * The data are opened only where nothing else tells the classes.
 */
export async function explain(text: string, dataPaths: readonly string[]): Promise<string> {
  const row = await oneRow(text)
  const { stages, registry, openDataset, hookOrder } = describeRow(row)
  let classes = registry.facts(row.recipe.data.dataset)?.classes
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
  const conflicts = conflictsOf(row.recipe, registry).map((conflict) => `note: ${conflict}`)
  return [`${row.table.id}/${row.name}`, ...parts, ...conflicts].join('\n')
}

function explainStage({ recipe }: Row, callbacksOf: (event: string) => readonly string[] | undefined): string[] {
  const width = Math.max(...eventNames.map((event) => event.length))
  const rate = `at the rate of ${recipe.schedule.use}`
  const decay = recipe.decaySchedule === undefined ? '' : `, its weight decay by ${recipe.decaySchedule.use}`
  const own: { readonly [event: string]: string } = {
    beforeEpoch: 'read batches',
    afterPredict: `${recipe.model.skeleton.use} has scored`,
    afterLoss: `${recipe.loss.use} has been computed`,
    afterBackward: 'gradients are known',
    afterStep: `${recipe.optimizer.use} has stepped, ${rate}${decay}`,
    afterEpoch: `${recipe.metrics.map((metric) => metric.use).join(', ')} of both splits are known`,
  }
  const widest = Math.max(...Object.values(own).map(({ length }) => length))
  const lines = eventNames.map((event) => {
    const callbacks = callbacksOf(event) ?? []
    return `${event.padEnd(width)}  ${(own[event] ?? '').padEnd(widest)}  ${callbacks.join(' → ') || '–'}`
  })
  return [`${'event'.padEnd(width)}  ${'the loop'.padEnd(widest)}  callbacks`, ...lines]
}
