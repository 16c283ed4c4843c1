/**
 * Lets a run outlive the reader of its progress: a pipe that is closed, a terminal that is gone or a full disk behind
 * standard error takes the progress away, never the training.
 */
export function surviveClosedStreams(): void {
  process.stderr.on('error', () => {})
}
