import { lossContract, reference } from '@tricklab/testing'
import myTrick from '../src/index.js'

lossContract({
  plugin: myTrick,
  name: 'my-trick',
  reference: (scores, targets) =>
    reference.softmax(scores).reduce((sum, share, k) => sum + (share - targets[k]!) ** 2, 0),
})
