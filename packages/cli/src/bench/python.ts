import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail } from '@tricklab/core'
import type { SideCommand } from '@tricklab/repro'

/** A Python that can import torch. */
export interface TorchPython {
  readonly program: string
  readonly torch: string
}

const probe = 'import torch; print(torch.__version__)'

/**
 * The Python of `TRICKLAB_PYTHON`, else the first of `python3` and `python` that has torch.
 * @errors E_PEER_UNAVAILABLE when there is none, or when the one that was named does not have it
 */
export function findTorchPython(environment: Readonly<Record<string, string | undefined>> = process.env): TorchPython {
  const named = environment.TRICKLAB_PYTHON
  const tried: string[] = []
  for (const program of named ? [named] : ['python3', 'python']) {
    const { status, stdout, stderr, error } = spawnSync(program, ['-c', probe], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    })
    if (status === 0) return { program, torch: stdout.trim() }
    tried.push(`${program}: ${error === undefined ? (stderr.trim().split('\n').at(-1) ?? '') : error.message}`)
  }
  fail('E_PEER_UNAVAILABLE', {
    what: named
      ? `The Python that TRICKLAB_PYTHON names cannot import torch.`
      : 'The peer torch needs a Python with PyTorch, and none was found.',
    expected: named ? 'a Python with torch.' : 'python3 or python with torch, or TRICKLAB_PYTHON naming one.',
    received: `${tried.join('; ')}.`,
    fix: `${named ?? 'python3'} -m pip install torch`,
  })
}

/** A side that is a Python file of this folder. @errors E_PEER_UNAVAILABLE */
export function torchSide(title: string, file: 'torch-peer.py' | 'data-peer.py' | 'convolution-peer.py'): SideCommand {
  const script = path.join(path.dirname(fileURLToPath(import.meta.url)), file)
  return { title, program: findTorchPython().program, args: ['-u', script] }
}

/**
 * glibc gives large blocks back to the system as soon as they are free, and PyTorch then takes its memory anew in every
 * step, page by page. PyTorch's own guide to tuning tells its users to change that; with these it keeps its pages.
 */
export const keptPages = { MALLOC_TRIM_THRESHOLD_: '100000000000', MALLOC_MMAP_THRESHOLD_: '100000000000' } as const
