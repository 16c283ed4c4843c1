#!/usr/bin/env node
import { benchProgram } from '../bench/command.ts'
import { runProgram } from '../ui/main.ts'

await runProgram(benchProgram())
