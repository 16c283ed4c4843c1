import { fail, TricklabError } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import type { Engine, EngineDefinition, EngineName, EngineOptions, Precision, Prepared } from './driver.ts'
import { overrideGradients } from './gradients.ts'
import { findEngine } from './known.ts'
import { checkThreads } from './threads.ts'

/** `auto` takes the first of these that works. A GPU is never chosen unasked: it would change a recipe's numbers. */
const autoOrder: readonly EngineName[] = ['native', 'wasm']

/**
 * Makes an engine the one that TF.js computes on.
 *
 * `auto` is the fastest engine that gives every machine the same kind of numbers: `native` where it was built, else
 * `wasm`; `onNotice` is told which, and why the others were passed over.
 *
 * @errors E_ENGINE_UNKNOWN, E_ENGINE_UNAVAILABLE, E_ENGINE_CLASH, E_ENGINE_DEFINITION, E_PRECISION, E_OPTION_RANGE
 */
export async function prepareEngine(name: EngineName | 'auto', options: EngineOptions = {}): Promise<Engine> {
  checkThreads(options.threads)
  return name === 'auto' ? prepareFirst(options) : prepareNamed(name, options)
}

async function prepareNamed(name: EngineName, options: EngineOptions): Promise<Engine> {
  const { prepared, precision } = await preparePrecision(await findEngine(name), options)
  if (tf.getBackend() !== prepared.backend) {
    fail('E_ENGINE_DEFINITION', {
      what: `The engine ${name} did not make its backend the current one.`,
      expected: `TF.js on the backend "${prepared.backend}" once it is prepared.`,
      received: `"${tf.getBackend()}".`,
      fix: 'its prepare has to call tf.setBackend, and return the name of that backend.',
    })
  }
  // Afterwards, since loading a backend's package can register TF.js's own gradients again.
  overrideGradients()
  return { name, precision, ...prepared }
}

/** In the precision that was asked for; in the preferred one where that works here, else in f32, and says so. */
async function preparePrecision(
  engine: EngineDefinition,
  { precision, preferredPrecision = 'f32', ...options }: EngineOptions,
): Promise<{ prepared: Prepared; precision: Precision }> {
  const wanted = precision ?? preferredPrecision
  try {
    if (!engine.precisions.includes(wanted)) failPrecision(engine, wanted)
    return { prepared: await engine.prepare({ ...options, precision: wanted }), precision: wanted }
  } catch (error) {
    const refused = error instanceof TricklabError && error.code === 'E_PRECISION'
    if (!refused || precision !== undefined || wanted === 'f32') throw error
    options.onNotice?.(
      `The recipe asks for ${wanted}, which the engine ${engine.name} does not offer here; computing in f32.`,
    )
    return { prepared: await engine.prepare({ ...options, precision: 'f32' }), precision: 'f32' }
  }
}

function failPrecision({ name, precisions }: EngineDefinition, wanted: Precision): never {
  return fail('E_PRECISION', {
    what: `The engine ${name} does not compute in ${wanted}.`,
    expected: `one of: ${precisions.join(', ')}.`,
    received: `"${wanted}".`,
    fix: `use --precision ${precisions[0]}, or leave it out.`,
  })
}

async function prepareFirst(options: EngineOptions): Promise<Engine> {
  const passedOver: string[] = []
  for (const name of autoOrder) {
    try {
      const engine = await prepareNamed(name, options)
      options.onNotice?.(`Engine ${[`${name} chosen`, ...passedOver].join('; ')}.`)
      return engine
    } catch (error) {
      if (!(error instanceof TricklabError) || error.code !== 'E_ENGINE_UNAVAILABLE') throw error
      passedOver.push(`${name} passed over: ${error.problems[0]?.what.replace(/\.$/, '')}`)
    }
  }
  fail('E_ENGINE_UNAVAILABLE', {
    what: `None of the engines that \`auto\` tries works on this machine: ${passedOver.join('; ')}.`,
    fix: 'run `pnpm lab doctor`, which says what each engine needs.',
  })
}
