/** Width inside squeeze-and-excitation: a share of the channels that enter the block, not of the expanded ones. */
export function squeezedWidth(inputChannels: number, share: number): number {
  return Math.max(1, Math.floor(inputChannels * share))
}
