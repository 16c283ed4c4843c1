export { benchProgram } from './bench/command.ts'
export { initProgram } from './init/command.ts'
export { labProgram } from './lab/command.ts'
export { reproProgram } from './repro/command.ts'
