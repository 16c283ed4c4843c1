/** The side's end of the conversation, for sides written in TypeScript. */
import { createInterface } from 'node:readline'
import { TricklabError } from '@tricklab/core'
import type { SideMessage } from './side-messages.ts'

/** Requests of the parent as they come; ends when the parent is done or gone. */
export async function* requests<T>(): AsyncGenerator<T> {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line) as T
}

/** Answers the parent. */
export function answer(message: SideMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

/** Runs a side to its end and tells the parent what stopped it. */
export async function runSide(body: () => Promise<void>): Promise<void> {
  try {
    await body()
  } catch (error) {
    if (error instanceof TricklabError) {
      // Causes may not survive the way to the parent; their text is in the message.
      answer({ bench: 'problem', problems: error.problems.map(({ cause: _cause, ...problem }) => problem) })
    } else answer({ bench: 'fault', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
  // Some engines keep handles open; the callback waits until the parent can read everything.
  process.stdout.write('', () => process.exit(0))
}
