export { benchProgram } from './bench/command.ts'
export { labProgram } from './lab/command.ts'
export { reproProgram } from './repro/command.ts'
