export { reproProgram } from './repro/command.ts'
