import type { SeedLog } from '../record/read.ts'

/** Durations in a log are rounded to 0.1 ms. */
const rounding = 1e-4

/** How far the clock of the day may lag behind durations: it is set now and then. @unit share of the time */
const clockDrift = 1e-3

/** Clock times in order; durations above 0, and those of parts together not longer than that of the whole. */
export function checkTimes(log: SeedLog): string[] {
  return [...checkClock(log), ...checkDurations(log), ...checkSums(log)]
}

/** A machine may sleep, so more time may pass than was spent; less may not. */
function checkClock({ start, resumes, end }: SeedLog): string[] {
  const stamps = [start, ...resumes, ...(end === null ? [] : [end])]
  const problems = stamps.flatMap(({ line, time }, index) => {
    const before = stamps[index - 1]
    if (before === undefined || Date.parse(time) > Date.parse(before.time)) return []
    return [`line ${line}: ${time} is before ${before.time}, or the same`]
  })
  if (end === null) return problems
  const passed = (Date.parse(end.time) - Date.parse(start.time)) / 1000
  if (end.seconds > passed * (1 + clockDrift) + 0.1) {
    problems.push(`line ${end.line}: ${end.seconds} s were spent, but only ${passed} s have passed`)
  }
  return problems
}

function checkDurations({ steps, epochs, prediction, end }: SeedLog): string[] {
  const lines = [...steps, ...epochs, ...[prediction, end].flatMap((line) => line ?? [])]
  const none = lines.find(({ seconds }) => seconds <= 0)
  const problems = none === undefined ? [] : [`line ${none.line}: a duration of ${none.seconds} s`]
  const beyond = epochs.find(({ seconds, waited = 0 }) => waited < 0 || waited > seconds + rounding)
  if (beyond !== undefined) {
    problems.push(`line ${beyond.line}: ${beyond.waited} s of waiting in ${beyond.seconds} s`)
  }
  return problems
}

function checkSums({ resumes, steps, epochs, prediction, end }: SeedLog): string[] {
  const total = (lines: readonly { readonly seconds: number }[]) => lines.reduce((sum, line) => sum + line.seconds, 0)
  const exceeds = (parts: readonly { readonly seconds: number }[], whole: number) =>
    total(parts) > whole + rounding * (parts.length + 1)
  const problems = epochs.flatMap(({ line, epoch, seconds }) => {
    // The time of an epoch that was resumed begins there.
    const from = resumes.findLast((resume) => resume.line < line)?.line ?? 0
    const own = steps.filter((step) => step.epoch === epoch && step.line > from)
    if (!exceeds(own, seconds)) return []
    return [`line ${line}: ${seconds} s in all, but its steps took ${total(own).toFixed(1)} s`]
  })
  if (end === null) return problems
  const passes = prediction === null ? epochs : [...epochs, prediction]
  for (const [name, lines] of Object.entries({ steps, epochs: passes })) {
    if (!exceeds(lines, end.seconds)) continue
    problems.push(`line ${end.line}: ${end.seconds} s in all, but its ${name} took ${total(lines).toFixed(1)} s`)
  }
  return problems
}
