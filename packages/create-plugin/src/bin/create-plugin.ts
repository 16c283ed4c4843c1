#!/usr/bin/env node
import { run } from '../command.ts'

process.exitCode = run(process.argv.slice(2), {
  cwd: process.cwd(),
  userAgent: process.env.npm_config_user_agent,
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
})
