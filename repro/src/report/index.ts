export {
  type Cell,
  type ClosedFormColumn,
  type ClosedFormReport,
  type ClosedFormRow,
  judgeClosedForm,
} from './closed-form.ts'
export { renderMarkdownTable } from './markdown-table.ts'
export { type ReportData, type RunsReport, renderReport } from './render.ts'
export { formatVerdictTable } from './text-table.ts'
export { type VerdictRow, verdictRow } from './verdict-row.ts'
export { writeReport, writeReportFile } from './write.ts'
