import type { Problem } from '@tricklab/core/errors'
import { engineNames } from '@tricklab/engine'
import { problem } from '../record/problem.ts'
import type { SeedLog } from '../record/read.ts'
import type { JoinedRun, RunOrigin, SeedOrigin } from '../record/types.ts'
import { checkPlugins } from './check-plugins.ts'
import type { CurrentRow } from './current-row.ts'

const version = /^\d+\.\d+\.\d+(-[\w.-]+)?$/

/** What a run or a measurement ran on must be possible. What the machine says of itself stands nowhere else. */
export function checkMachine({ engine, environment }: Pick<RunOrigin, 'engine' | 'environment'>): Problem[] {
  const { node, tfjs, os, cpu, cores, memoryGiB, commit, dirty, plugins } = environment
  const odd = (holds: boolean, what: string, expected: string, received: unknown) =>
    holds ? [] : [problem(`${what} is not possible.`, expected, JSON.stringify(received))]
  const filled = (value: string) => value.trim() !== ''
  const engines = engineNames()
  return [
    ...odd(engines.includes(engine.name), 'The engine', engines.join(', '), engine.name),
    ...odd(['f32', 'bf16'].includes(engine.precision), 'The precision', 'f32 or bf16', engine.precision),
    ...odd(filled(engine.version), 'The version of the engine', 'a version', engine.version),
    ...odd(filled(engine.device), 'The device', 'a name', engine.device),
    ...odd(engine.threads >= 1, 'The number of threads', 'at least 1', engine.threads),
    ...odd(node.startsWith('v') && version.test(node.slice(1)), 'The version of Node.js', 'v20.19.0 or newer', node),
    ...odd(version.test(tfjs), 'The version of TensorFlow.js', 'a version', tfjs),
    ...odd(filled(os) && filled(cpu), 'The system or the processor', 'names', [os, cpu]),
    ...odd(cores >= 1 && memoryGiB > 0, 'The size of the machine', 'at least a core, and memory', [cores, memoryGiB]),
    ...odd(commit === null || /^[0-9a-f]{40}$/.test(commit), 'The commit', '40 hexadecimal digits', commit),
    ...odd(commit !== null || dirty === null, 'A change of no commit', 'a commit', dirty),
    ...Object.values(plugins).flatMap((own) => odd(version.test(own), 'The version of a plugin', 'a version', own)),
  ]
}

/** A machine that reads no bf16 computes in f32; the other way round it is another experiment. */
function checkPrecision({ engine }: JoinedRun, { precision }: CurrentRow): Problem[] {
  if (engine.precision === 'f32' || engine.precision === precision) return []
  return [problem('The precision is not that of the recipe.', precision, engine.precision)]
}

/** A seed may be trained on any machine, but by the engine of its run, in its precision. */
function checkSeedOrigin(origin: SeedOrigin, { engine }: JoinedRun, place: string): Problem[] {
  const { host, cpu, version, threads, commit } = origin
  const [is, should] = [origin, { engine: engine.name, precision: engine.precision }].map(
    (one) => `${one.engine} ${one.precision}`,
  )
  const possible =
    [host, cpu, version].every((value) => value.trim() !== '') &&
    threads >= 1 &&
    (commit === null || /^[0-9a-f]{40}$/.test(commit))
  return [
    ...(is === should ? [] : [problem(`${place}: the engine is not that of the run.`, should, is)]),
    ...(possible ? [] : [problem(`${place}: the origin is not possible.`, undefined, JSON.stringify(origin))]),
  ]
}

/** A run: its machine, the plugins that the recipe needs, and its times around those of its seeds. */
export function checkOrigin(
  run: JoinedRun,
  { logs, row }: { readonly logs: readonly SeedLog[]; readonly row: CurrentRow | undefined },
): Problem[] {
  const { seeds, started, ended, environment } = run
  const own = logs.filter(({ seed }) => seeds.includes(seed))
  const problems = [...checkMachine(run)]
  if (row !== undefined) problems.push(...checkPrecision(run, row), ...checkPlugins(environment, row.plugins))
  if (ended === null) problems.push(problem('The run has not ended.'))
  else if (Date.parse(ended) < Date.parse(started)) {
    problems.push(problem('The run ends before it starts.', `after ${started}`, ended))
  }
  if (seeds.length === 0) problems.push(problem('A run has no seed.'))
  for (const { seed, start, resumes, end } of own) {
    for (const { line, origin } of [start, ...resumes]) {
      if (origin !== undefined) problems.push(...checkSeedOrigin(origin, run, `Seed ${seed}, line ${line}`))
    }
    if (Date.parse(start.time) < Date.parse(started)) {
      problems.push(problem(`Seed ${seed} starts before its run.`, `after ${started}`, start.time))
    }
    if (end !== null && ended !== null && Date.parse(end.time) > Date.parse(ended)) {
      problems.push(problem(`Seed ${seed} ends after its run.`, `before ${ended}`, end.time))
    }
    const limit = (environment.memoryGiB + 1) * 1024
    if (end !== null && (end.peakMemoryMiB < 1 || end.peakMemoryMiB > limit)) {
      const expected = `more than 0 and at most ${limit} MiB`
      problems.push(problem(`The memory of seed ${seed} is not possible.`, expected, `${end.peakMemoryMiB}`))
    }
  }
  return problems
}
