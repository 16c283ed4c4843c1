#!/usr/bin/env node
import { labProgram } from '../lab/command.ts'
import { runProgram } from '../ui/main.ts'

await runProgram(labProgram())
