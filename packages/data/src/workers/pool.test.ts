import { expect, test } from 'vitest'
import { createPool } from './pool.ts'
import type { DecodeTask } from './protocol.ts'

const plan = { left: 0, top: 0, width: 1, height: 1, outWidth: 1, outHeight: 1, flip: false, edges: 'region' } as const
const task = (path: string): DecodeTask => ({ path, decodeTo: undefined, plan })
const dying = new URL('../../test/fixtures/dying-worker.mjs', import.meta.url)

test('a worker that dies ends its batches with an error that names the file; nothing hangs', async () => {
  const pool = createPool(1, dying)
  const running = [1, 2].map(() => pool.run([task('photos/a.JPEG')], new SharedArrayBuffer(3)))
  for (const run of running) {
    await expect(run).rejects.toThrow(/E_WORKER.*ended unexpectedly at photos\/a\.JPEG.*exit code 9/)
  }
  // The next order starts new workers.
  await expect(pool.run([task('photos/throw.JPEG')], new SharedArrayBuffer(3))).rejects.toThrow(
    /E_WORKER.*throw\.JPEG.*no memory/,
  )
  await pool.close()
})

test('a worker that cannot start is an error, not a wait', async () => {
  const pool = createPool(2, new URL('./nowhere.mjs', import.meta.url))
  await expect(pool.run([task('a')], new SharedArrayBuffer(3))).rejects.toThrow(/E_WORKER/)
})

test('closing ends the workers and fails what is under way', async () => {
  const pool = createPool(2)
  const run = pool.run([task('a')], new SharedArrayBuffer(3))
  run.catch(() => {})
  await pool.close()
  await expect(run).rejects.toThrow(/E_INTERRUPTED/)
})

test.each([0, 1])('a file that is not there is named (%i workers)', async (workers) => {
  const pool = createPool(workers)
  await expect(pool.run([task('nowhere.JPEG')], new SharedArrayBuffer(3))).rejects.toThrow(/nowhere\.JPEG/)
  await pool.close()
})
