/** Models of Yao Liu's entries, as changes of a_yasyrev's network: the thread "Convolutional Layer with a Twist". */

const use = 'xresnet50'

/** 3 × 3 convolutions in groups of so many channels, in cycles of four groups. */
export const groupsOf = (channelsPerGroup: number, layers: readonly number[]) =>
  ({ use, layers, slots: { conv: { use: 'permuted-groups', channelsPerGroup } } }) as const

/** The four stages that he settled on. */
export const deeper = [4, 6, 8, 10] as const

/** "depthwise xN": the stem too; MaxBlurPool in the blocks, a max pool behind the stem. */
export const depthwise = (multiplier: number) =>
  ({
    use,
    layers: [3, 6, 8, 3],
    slots: {
      branch: { use: 'depthwise-expand', multiplier },
      stem: { use: 'depthwise-stem', multiplier },
      pool: { use: 'blurpool', where: 'shortcut' },
    },
  }) as const
