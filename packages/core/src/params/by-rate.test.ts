import { expect, test } from 'vitest'
import type { NamedParam, Optimizer } from '../contracts.ts'
import type * as tf from '../tf.ts'
import { byRate } from './by-rate.ts'

const param = (path: string, learningRate?: number): NamedParam => ({
  path,
  role: 'weight',
  value: path as never,
  ...(learningRate === undefined ? {} : { learningRate }),
})
const params = [param('a'), param('b', 0.1), param('c'), param('d', 0.1)]
const gradients = ['ga', 'gb', 'gc', 'gd'] as unknown as tf.Tensor[]

/** An optimizer that knows nothing of groups, and what it was asked to do. */
class Plain implements Optimizer {
  readonly seen: unknown[] = []
  #closed = false
  step(...[own, slopes, { learningRate, momentum }, step]: Parameters<Optimizer['step']>): void | Promise<void> {
    this.seen.push([own.map((one) => [one.path, one.learningRate]), slopes, learningRate, momentum, step])
  }
  state = () => ({})
  restore() {}
  dispose() {
    this.#closed = true
  }
  get closed() {
    return this.#closed
  }
}

test('an optimizer that knows nothing of groups is stepped once for every learning rate', () => {
  const plain = new Plain()
  const rated = byRate(plain)
  expect(rated.step(params, gradients, { learningRate: 2, momentum: 0.5 }, 7)).toBeUndefined()
  expect(plain.seen).toEqual([
    [
      [
        ['a', undefined],
        ['c', undefined],
      ],
      ['ga', 'gc'],
      2,
      0.5,
      7,
    ],
    [
      [
        ['b', undefined],
        ['d', undefined],
      ],
      ['gb', 'gd'],
      0.2,
      0.5,
      7,
    ],
  ])
  rated.dispose()
  expect(plain.closed).toBe(true)
  // Applied twice it is the same.
  expect(byRate(rated)).toBe(rated)
})

test('parameters of one rate are stepped at once', () => {
  const plain = new Plain()
  byRate(plain).step([params[0]!, params[2]!], gradients.slice(0, 2), { learningRate: 2 }, 1)
  expect(plain.seen).toHaveLength(1)
})

test('steps that take their time follow one another', async () => {
  const order: string[] = []
  class Slow extends Plain {
    override async step(...[own]: Parameters<Optimizer['step']>) {
      order.push(`begin ${own[0]!.path}`)
      await new Promise((done) => setTimeout(done, 1))
      order.push(`end ${own[0]!.path}`)
    }
  }
  await byRate(new Slow()).step(params, gradients, { learningRate: 2 }, 1)
  expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b'])
})

test('one that steps all parameters together, or asks for gradients again, sees the factors itself', () => {
  for (const more of [{ together: true }, { passes: 2 }]) {
    const optimizer = Object.assign(new Plain(), more)
    expect(byRate(optimizer)).toBe(optimizer)
  }
})
