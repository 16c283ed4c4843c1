import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }

export default definePlugin({
  name: 'alternating-flip',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2404.00498',
  register: (on) =>
    on.crop('alternating-flip', {
      doc: 'Mirrors a training image in every other epoch, beginning at random; another crop chooses the region.',
      options: {
        crop: opt.crop({ doc: 'Crop that chooses the region; its own `flip` has no influence.' }),
      },
      create({ crop }, { rng, create }) {
        const inner = create('crop', crop, {})
        const first = (index: number) => rng.at('first', index).uniform() < 0.5
        return {
          ...inner,
          draw(source, stream, visit) {
            const plan = inner.draw(source, stream, visit)
            if (stream === null) return plan
            // Outside a training there are no epochs: the image comes for the first time.
            if (visit === undefined || visit === null) return { ...plan, flip: stream.uniform() < 0.5 }
            return { ...plan, flip: first(visit.index) !== ((visit.epoch + visit.repeat) % 2 === 1) }
          },
        }
      },
    }),
})
