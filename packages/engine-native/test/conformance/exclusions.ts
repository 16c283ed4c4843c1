/** Specs of TF.js's suite that are not run against `native`, each with the reason. */
export const exclusions: readonly { readonly contains: string; readonly why: string }[] = [
  {
    contains: 'computation in worker',
    why: 'starts a browser worker from a URL; TF.js leaves it out for its cpu backend in Node, too',
  },
]
