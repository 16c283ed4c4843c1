import type { Table } from '@tricklab/core'
import fashionmnistResnets from './fashionmnist-resnets.ts'
import fashionmnistSummary from './fashionmnist-summary.ts'
import imagewoof128x5 from './imagewoof-128-5.ts'

/** Every documented table that ships with Tricklab, in the order of the README. */
export const tables: readonly Table[] = [fashionmnistResnets, fashionmnistSummary, imagewoof128x5]
