import { existsSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { labelCells } from '../src/label-cells.ts'
import { repositoryPage } from '../src/repository.ts'

interface Link {
  readonly text: string
  readonly link: string
}

/** What `src/main.ts` wrote: the pages of tricks, tables and packages. */
const generated: { readonly [section in 'tricks' | 'tables' | 'api' | 'decisions']: readonly Link[] } = (() => {
  const file = new URL('./cache/sidebar.json', import.meta.url)
  if (!existsSync(file)) throw new Error('Run `pnpm docs:build` or `pnpm docs:dev`: the generated pages are missing.')
  return JSON.parse(readFileSync(file, 'utf8'))
})()

const guide: Link[] = [
  { text: 'Start here', link: '/00-start-here' },
  { text: 'Concepts', link: '/10-concepts' },
  { text: 'Write a block', link: '/20-write-a-block' },
  { text: 'Write a callback', link: '/21-write-a-callback' },
  { text: 'Write a dataset', link: '/22-write-a-dataset' },
  { text: 'Write an optimizer', link: '/23-write-an-optimizer' },
  { text: 'Write a model', link: '/24-write-a-model' },
  { text: 'Your own photos', link: '/25-your-own-photos' },
  { text: 'Recipes', link: '/30-recipes' },
  { text: 'What a trick is worth', link: '/31-ablation' },
  { text: 'Watch a run', link: '/35-watch-a-run' },
  { text: 'Reproducibility', link: '/40-reproducibility' },
  { text: 'Prove a recipe', link: '/41-prove-a-recipe' },
  { text: 'Engines', link: '/50-engines' },
  { text: 'Use a trained network', link: '/60-use-a-network' },
  { text: 'Many machines', link: '/65-many-machines' },
  { text: 'Errors', link: '/errors' },
].filter(({ link }) => existsSync(new URL(`..${link}.md`, import.meta.url)))

/** The page of the repository, where package.json names one. */
const repository = repositoryPage(
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { repository?: unknown },
)

/** A social link has an icon; of hosts that are not known it is that of git. */
const repositoryLinks = (page: string) => {
  const icon = ['github', 'gitlab', 'bitbucket', 'codeberg'].find((name) => page.includes(`//${name}.`)) ?? 'git'
  return [{ icon, link: page, ariaLabel: 'Source code' }]
}

export default defineConfig({
  title: 'Tricklab',
  description: 'Training tricks in image classification, and whether their documented numbers hold.',
  lang: 'en',
  cleanUrls: true,
  srcExclude: ['src/**', 'test/**', 'parts/**'],
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  // Pages of the guide are read on the repository's host as well, where folders have a README.md.
  markdown: { theme: { light: 'github-light', dark: 'github-dark' }, config: labelCells },
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  transformPageData({ frontmatter }) {
    if (repository === undefined) return
    frontmatter.hero?.actions.push({ theme: 'alt', text: 'Source code', link: repository })
  },
  vite: { build: { chunkSizeWarningLimit: 1500 } },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/00-start-here', activeMatch: '^/(\\d\\d-|errors)' },
      { text: 'Tricks', link: '/tricks/', activeMatch: '^/tricks/' },
      { text: 'Tables', link: '/tables/', activeMatch: '^/tables/' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Decisions', link: '/decisions/', activeMatch: '^/decisions/' },
    ],
    sidebar: {
      '/': [{ text: 'Guide', items: guide }],
      '/tricks/': [{ text: 'Tricks', link: '/tricks/', items: [...generated.tricks] }],
      '/tables/': [{ text: 'Tables', link: '/tables/', items: [...generated.tables] }],
      '/api/': [{ text: 'API', link: '/api/', items: [...generated.api] }],
      '/decisions/': [{ text: 'Decisions', link: '/decisions/', items: [...generated.decisions] }],
    },
    ...(repository === undefined ? {} : { socialLinks: repositoryLinks(repository) }),
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
  },
})
