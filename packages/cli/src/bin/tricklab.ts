#!/usr/bin/env node
// One command for a folder outside the repository: `npx tricklab repro …`, `npx -y @tricklab/cli lab …`.
import { benchProgram } from '../bench/command.ts'
import { initProgram } from '../init/command.ts'
import { labProgram } from '../lab/command.ts'
import { reproProgram } from '../repro/command.ts'
import { createProgram, runProgram } from '../ui/main.ts'

const program = createProgram('tricklab', 'Training tricks as plugins, documented tables as recipes.')
for (const command of [initProgram(), reproProgram(), labProgram(), benchProgram()]) program.addCommand(command)
await runProgram(program)
