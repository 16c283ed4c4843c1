import os from 'node:os'
import * as tf from '@tricklab/core/tf'

/** What a measurement depends on beside the sides themselves. */
export interface BenchEnvironment {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly os: string
  readonly node: string
  readonly tfjs: string
  /** Processes that wanted to run, on average over the last minute: near 0 on a quiet machine. */
  readonly loadAtStart: number
}

/** The machine, as it is now. */
export function describeBenchEnvironment(): BenchEnvironment {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    tfjs: tf.version_core,
    loadAtStart: Number(os.loadavg()[0]!.toFixed(2)),
  }
}

/** The machine in one line. */
export function formatEnvironment({ cpu, cores, memoryGiB, node, tfjs, loadAtStart }: BenchEnvironment): string {
  const machine = `${cpu}, ${cores} core${cores === 1 ? '' : 's'}, ${memoryGiB} GiB`
  const busy = loadAtStart > 1 ? ' WARNING: the machine was busy, figures are of little worth' : ''
  return `${machine}; Node ${node}, TF.js ${tfjs}; load average ${loadAtStart} at the start${busy}`
}
