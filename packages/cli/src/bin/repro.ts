#!/usr/bin/env node
import { reproProgram } from '../repro/command.ts'
import { runProgram } from '../ui/main.ts'

await runProgram(reproProgram())
