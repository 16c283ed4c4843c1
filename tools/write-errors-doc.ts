/** Writes docs/errors.md from the table of error codes: `pnpm docs:errors`. */
import { writeFileSync } from 'node:fs'
import { errorsDocPath, formatErrorsDoc } from './errors-doc.ts'

writeFileSync(errorsDocPath, formatErrorsDoc())
