import { metricContract, reference } from '@tricklab/testing'
import myTrick from '../src/index.js'

metricContract({
  plugin: myTrick,
  name: 'my-trick',
  reference(scores, targets) {
    const found = scores.map((row, n) =>
      reference.softmax(row).reduce((sum, share, k) => sum + share * targets[n]![k]!, 0),
    )
    return found.reduce((sum, value) => sum + value, 0) / found.length
  },
})
