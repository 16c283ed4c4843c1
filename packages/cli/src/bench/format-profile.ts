import { formatEnvironment } from './environment.ts'
import type { ProfileResult } from './profile.ts'
import { formatNumber, formatShare, formatTable } from './text.ts'

/** The profile as plain text. */
export function formatProfile(result: ProfileResult): string {
  const { table, row, engine, batchSize, steps, kernels, stepMs, plainStepMs, outsideMsPerStep } = result
  const { convolution, matmul, copy, kernelsPerStep, asynchronous, environment } = result
  const perStep = (calls: number) => formatNumber(calls / steps)
  return [
    formatEnvironment(environment),
    `${table}/${row}  batch ${batchSize}  ${[engine.name, engine.version, engine.precision, engine.details].join(' ')}`,
    ...(asynchronous
      ? ['This engine computes after its kernels return: times are of submitting work only, and say nothing of it.']
      : []),
    '',
    formatTable([
      ['kernel', 'calls/step', 'ms', 'ms/step', 'share', 'GFLOP/s', 'of its limit'],
      ...kernels.map(({ kernel, calls, ms, msPerStep, share, gflops, limit }) => [
        kernel,
        perStep(calls),
        formatNumber(ms),
        formatNumber(msPerStep),
        formatShare(share),
        gflops === null ? '' : formatNumber(gflops),
        limit === null ? '' : `${formatShare(limit.share)}, ${limit.by}`,
      ]),
      [
        'outside kernels',
        '',
        formatNumber(outsideMsPerStep * steps),
        formatNumber(outsideMsPerStep),
        formatShare(outsideMsPerStep / stepMs),
        '',
        '',
      ],
      ['step', formatNumber(kernelsPerStep), formatNumber(stepMs * steps), formatNumber(stepMs), '100.0 %', '', ''],
    ]),
    '',
    `${steps} steps timed kernel by kernel; a step without timing takes ${formatNumber(plainStepMs)} ms`,
    `convolutions  ${formatNumber(convolution.gflops)} GFLOP/s over a training step: ${formatNumber(
      convolution.macsPerImage / 1e6,
    )} million MACs × ${batchSize} images × 2 × 3 in ${formatNumber(convolution.msPerStep)} ms`,
    `one ${matmul.size} × ${matmul.size} × ${matmul.size} matrix product  ${formatNumber(matmul.gflops)} GFLOP/s: ` +
      `the convolutions reach ${formatShare(convolution.gflops / matmul.gflops)} of it`,
    `a copy moves ${formatNumber(copy.gigabytesPerSecond)} GB/s. The limit of a kernel is the time of such a product, or of ` +
      'copying what it reads and writes; above 100 % its data was still in a cache',
  ].join('\n')
}
