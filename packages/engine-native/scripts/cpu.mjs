/** What of a processor decides whether a binary made on one runs on another: shared by the build and the loader. */
import fs from 'node:fs'
import os from 'node:os'

/** Families of instructions that a compiler uses unasked. */
const relevant =
  /^(sse|ssse|avx|amx|fma|f16c|bmi|movbe|popcnt|abm|lzcnt|adx|gfni|vaes|vpclmul|sha|sve|asimd|fp16|bf16|i8mm|crc32|atomics)/

/** `{ model, features }`: the processor's name and, where the system tells, its instruction set extensions. */
export function describeCpu() {
  const model = os.cpus()[0]?.model.trim() ?? process.arch
  let features = []
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? ''
    features = line.split(/\s+/).filter((name) => relevant.test(name))
  } catch {
    // Not Linux: the model has to do.
  }
  return { model, features: features.sort() }
}

/** Why a binary made for `built` cannot run on `present`; `undefined` where it can. */
export function mismatch(built, present = describeCpu()) {
  if (built.features.length === 0 || present.features.length === 0) {
    return built.model === present.model ? undefined : `it was built for ${built.model}, this is ${present.model}`
  }
  const missing = built.features.filter((name) => !present.features.includes(name))
  return missing.length === 0 ? undefined : `it was built for a processor with ${missing.slice(0, 4).join(', ')}`
}
