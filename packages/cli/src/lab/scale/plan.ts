import { createRegistry, undrawn } from '@tricklab/core'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import { costOf, type ModelCost, nn } from '@tricklab/nn'
import { planEfficientnet, costOf as plannedCost, variants } from '@tricklab/plugin-mbconv'

/** A network with what it costs, before anything is trained. */
export interface ScaledNetwork {
  readonly name: string
  readonly family: 'efficientnet' | 'xresnet'
  readonly depth: number | null
  readonly width: number | null
  /** @unit pixels */
  readonly imageSize: number
  /** Trainable numbers. */
  readonly params: number
  /** Multiply-accumulates of a forward pass, for one image. */
  readonly macs: number
  /** What a training step keeps for its backward pass. @unit bytes */
  readonly activationBytes: number
  /** Weights, their gradients and two moments of an optimizer. @unit bytes */
  readonly weightBytes: number
}

export interface Scaling {
  readonly depth: number
  readonly width: number
  readonly size: number
  readonly classes: number
  /** Images of a training step. */
  readonly batch: number
}

const float = 4
/** The weight, its gradient, and the two moments that Adam, Ranger and RMSprop keep. */
const copies = 4
/** xresnet has no size of its own; it is compared at that of EfficientNet-B0. */
const xresnetSize = 224

const xresnets = ['xresnet18', 'xresnet34', 'xresnet50', 'xresnet101', 'xresnet152']

/** EfficientNet scaled as asked. */
export function scaleEfficientnet({ depth, width, size, classes, batch }: Scaling, name = 'scaled'): ScaledNetwork {
  const cost = plannedCost(planEfficientnet({ width, depth }), { imageSize: size, classes })
  return { name, family: 'efficientnet', depth, width, imageSize: size, ...bytesOf(cost, batch) }
}

/** What it is compared with: the published scalings at their own sizes, and xresnet, which is built for it. */
export function compareWith({ classes, batch }: Pick<Scaling, 'classes' | 'batch'>): ScaledNetwork[] {
  const published = Object.entries(variants).filter(([name]) => /-b[0-7]$/.test(name))
  return [
    ...published.map(([name, { depth, width, imageSize }]) =>
      scaleEfficientnet({ depth, width, size: imageSize, classes, batch }, name),
    ),
    ...xresnets.map((name): ScaledNetwork => {
      const cost = builtCost(name, classes)
      return { name, family: 'xresnet', depth: null, width: null, imageSize: xresnetSize, ...bytesOf(cost, batch) }
    }),
  ]
}

function builtCost(name: string, classes: number): ModelCost {
  const registry = createRegistry([nn])
  const imageShape = [xresnetSize, xresnetSize, 3] as const
  const model = createModel(registry, normalizeModel(name, registry, name, []), { imageShape, classes, init: undrawn })
  const cost = costOf(model)
  model.dispose()
  return cost
}

function bytesOf({ params, macs, activations }: ModelCost, batch: number) {
  return { params, macs, activationBytes: float * activations * batch, weightBytes: float * copies * params }
}
