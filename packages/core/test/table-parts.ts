import { opt } from '../src/options.ts'
import { definePlugin } from '../src/plugin/define.ts'

/** For components that are named in a table and never made. */
const nothing = () => null as never

/** What a table must name, from one plugin. */
export const parts = definePlugin({
  name: 'parts',
  core: '*',
  register: (on) => [
    on.dataset('images', { doc: '', options: {}, create: nothing }),
    on.model('net', { doc: '', options: {}, create: nothing }),
    on.loss('cross', { doc: '', options: {}, create: nothing }),
    on.optimizer('sgd', {
      doc: '',
      options: { learningRate: opt.number({ default: 1, doc: '' }) },
      create: nothing,
    }),
    on.schedule('flat', { doc: '', options: {}, create: nothing }),
  ],
})

/** The settings of a sound table of these parts. */
export const base = {
  data: { dataset: 'images', normalize: { kind: 'none' }, shuffle: true, dropLast: false },
  model: 'net',
  loss: 'cross',
  optimizer: 'sgd',
  schedule: 'flat',
  metrics: [] as string[],
  epochs: 2,
  batchSize: 16,
  seeds: [1],
}
