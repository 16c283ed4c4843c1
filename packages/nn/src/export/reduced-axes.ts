import type { TracedNode } from './trace.ts'

/** The axes over which a kernel reduces: TF.js names them in two ways. */
export function reducedAxes({ axis, reductionIndices }: TracedNode['attrs']): readonly number[] {
  return [axis ?? reductionIndices].flat() as number[]
}
