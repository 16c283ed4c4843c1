import type { EngineReport } from './report.ts'

/** The reports as a plain text table, with one line more for each thing worth knowing. */
export function formatDoctor(reports: readonly EngineReport[]): string {
  const header = ['engine', 'works', 'step', 'start', 'threads', 'version', 'device']
  const rows = reports.map((report) =>
    report.works
      ? [
          report.name,
          'yes',
          stepTime(report),
          milliseconds(report.startMs),
          String(report.threads),
          report.version,
          report.device,
        ]
      : [report.name, 'no', '-', '-', '-', '-', '-'],
  )
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const table = [header, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const remarks = reports.flatMap(remarksOf)
  return [...table, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n')
}

function remarksOf(report: EngineReport): string[] {
  const remarks: string[] = []
  if (report.why !== '') remarks.push(`${report.name}: ${report.why}`)
  if (report.command !== '') remarks.push(`${report.name}: what would make it work: ${report.command}`)
  for (const note of report.notes) remarks.push(`${report.name}: ${note}`)
  if (report.missingKernels.length > 0) {
    remarks.push(`${report.name}: kernels that it lacks: ${report.missingKernels.join(', ')}`)
  }
  return remarks
}

/** `5.4 ms (5.1 to 6.0)`: where ranges overlap, the engines may as well be equally fast. */
function stepTime({ stepMs, stepRangeMs }: EngineReport): string {
  const range = stepRangeMs?.map((value) => milliseconds(value).replace(' ms', '')).join(' to ')
  return range === undefined ? milliseconds(stepMs) : `${milliseconds(stepMs)} (${range})`
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(value < 10 ? 1 : 0)} ms`
}
