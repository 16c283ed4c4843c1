/** A processor as far as compiled code depends on it. */
export interface Cpu {
  model: string
  features: string[]
}

export function describeCpu(): Cpu

export function mismatch(built: Cpu, present?: Cpu): string | undefined
