import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Batch } from '../batch.ts'

export interface KubernetesOptions {
  readonly image: string
  /** Name of the PersistentVolumeClaim for runs and cache. */
  readonly claim: string
  /** Folder of all runs, which the pods see under the same path. */
  readonly runs: string
  /** Most jobs that run at a time; undefined: all of them. */
  readonly arrayLimit: number | undefined
  /** Kueue's queue, if there is one. */
  readonly queue: string | undefined
  /** What a job of the batch needs at most; undefined where no seed of its rows was measured. @unit MiB */
  readonly memory: number | undefined
}

/** How often a job that ended with a fault, or was killed, is begun again. */
const restarts = 4
/** Where the pods keep datasets. */
const cache = '/cache'
/** The user of the image. */
const user = 1000

/**
 * An Indexed Job, as JSON, which `kubectl apply` reads as it reads YAML. Wrong input is not tried again (exit code 2); what
 * was saved (3), and what the cluster itself took away, does not count as a failure.
 */
export function kubernetesManifest(batch: Batch, options: KubernetesOptions): string {
  const { folder, table, token, jobs } = batch
  const { image, claim, runs, arrayLimit, queue, memory } = options
  const cpu = `${Math.max(...jobs.map(({ threads }) => threads))}`
  const name = `tricklab-${table}-${token.slice(0, 8)}`.toLowerCase().replace(/[^a-z0-9-]+/g, '-')
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/name': 'tricklab',
        ...(queue === undefined ? {} : { 'kueue.x-k8s.io/queue-name': queue }),
      },
    },
    spec: {
      completionMode: 'Indexed',
      completions: jobs.length,
      parallelism: Math.min(arrayLimit ?? jobs.length, jobs.length),
      backoffLimitPerIndex: restarts,
      podFailurePolicy: {
        rules: [
          { action: 'FailIndex', onExitCodes: { containerName: 'job', operator: 'In', values: [2] } },
          { action: 'Ignore', onExitCodes: { containerName: 'job', operator: 'In', values: [3] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      // Kueue begins what it finds suspended.
      ...(queue === undefined ? {} : { suspend: true }),
      template: {
        spec: {
          restartPolicy: 'Never',
          // A step, and the time to save, may take as long.
          terminationGracePeriodSeconds: 120,
          securityContext: { runAsNonRoot: true, runAsUser: user, fsGroup: user },
          containers: [
            {
              name: 'job',
              image,
              args: ['repro', 'job', folder, '$(JOB_COMPLETION_INDEX)', '--token', token],
              env: [{ name: 'TRICKLAB_CACHE', value: cache }],
              resources: {
                requests: { cpu, ...(memory === undefined ? {} : { memory: `${memory}Mi` }) },
              },
              volumeMounts: [
                { name: 'data', mountPath: runs, subPath: 'runs' },
                { name: 'data', mountPath: cache, subPath: 'cache' },
              ],
            },
          ],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  } satisfies Job
  return JSON.stringify(job, null, 2)
}
