import type { Block } from '@tricklab/core'
import type { Plugin, Registrar } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import type { SelfAttentionBlock } from '@tricklab/plugin-ssa'

/** What one attention block saw: its map of the images, kept for whoever observes. */
export interface Seen {
  readonly height: number
  readonly width: number
  /** @shape `[N, H · W, H · W]` */
  readonly map: tf.Tensor3D
}

/**
 * The plugins of a table, with blocks that tell where they look. Blocks stand deep inside others, where nobody reaches
 * them; but all come from a registry, so there each is wrapped as it is created.
 */
export function observeAttention(plugins: readonly Plugin[], onSeen: (seen: Seen) => void): Plugin[] {
  return plugins.map((plugin) => ({
    ...plugin,
    register(on: Registrar) {
      const answer = plugin.register(on)
      return [answer].flat().map((registration) => {
        if (registration.kind !== 'block') return registration
        const { component } = registration
        const create = (...given: Parameters<typeof component.create>) => observed(component.create(...given), onSeen)
        return { ...registration, component: { ...component, create } }
      })
    },
  })) as Plugin[]
}

function observed(block: Block, onSeen: (seen: Seen) => void): Block {
  if (!canShow(block)) return block
  return {
    ...block,
    apply(images, context) {
      const [, height, width] = images.shape
      onSeen({ height, width, map: tf.keep(block.attentionMap(images)) })
      return block.apply(images, context)
    },
  }
}

const canShow = (block: Block): block is SelfAttentionBlock =>
  typeof (block as Partial<SelfAttentionBlock>).attentionMap === 'function'
