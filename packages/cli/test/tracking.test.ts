import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runCli, temporaryFolder } from './run-cli.ts'
import { comparable, runFolder, tiny } from './tiny-runs.ts'

const plain = ['--seed', '1', '--engine', 'wasm', '--limit-train', '64', '--epochs', '1']

test('trackers are told of a run, whose numbers stay the same; one that is down costs a notice', async () => {
  const out = temporaryFolder()
  const repro = (folder: string, ...args: string[]) =>
    runCli('repro', [tiny('plain'), ...plain, '--out', path.join(out, folder), ...args], {
      env: { MLFLOW_TRACKING_URI: 'http://127.0.0.1:1' },
    })
  const log = ['--log', 'csv,mlflow,tensorboard', '--log-also', 'images,weights']
  const [without, told] = await Promise.all([repro('a'), repro('b', ...log, '--jobs', '2')])
  expect([without.code, told.code]).toEqual([0, 0])
  expect(told.stderr).toMatch(/\[E_TRACKER\] MLflow at http:\/\/127\.0\.0\.1:1: .*the training goes on/)
  const [a, b] = [runFolder(path.join(out, 'a')), runFolder(path.join(out, 'b'))]
  expect(comparable(b, 1)).toEqual(comparable(a, 1))
  // Two steps and an epoch, under a head.
  expect(readFileSync(path.join(b, 'seed-1.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(4)
  expect(readdirSync(path.join(b, 'tensorboard/seed-1'))).toEqual([expect.stringMatching(/^events\.out\.tfevents\./)])
  const names = readdirSync(b).filter((name) => !readdirSync(a).includes(name))
  expect(names.sort()).toEqual(['seed-1.csv', 'tensorboard'])
})

test.each([
  [
    ['--log', 'wandb'],
    /\[E_ARGUMENT\] --log is not of the right form\. Expected: one or several of tensorboard,mlflow,csv/,
  ],
  [['--log', 'csv,csv'], /\[E_ARGUMENT\].*each once/],
  [['--log', 'csv', '--log-also', 'weights'], /\[E_ARGUMENT\] --log-also is for TensorBoard.*add --log tensorboard/],
])('%j is refused before anything starts', async (args, expected) => {
  const out = temporaryFolder()
  const { code, stderr } = await runCli('repro', [tiny('plain'), ...plain, '--out', out, ...args])
  expect(code).toBe(2)
  expect(stderr).toMatch(expected)
  expect(readdirSync(out)).toEqual([])
})
