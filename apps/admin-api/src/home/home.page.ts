/** The page's style; its hash stands in the content security policy. */
export const STYLE = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 1rem 0; }
dt { opacity: .7; font-size: .85rem; }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #8884; }
.bad { color: #c62828; font-weight: 600; }
.good { color: #2e7d32; }
input { width: 24rem; max-width: 60%; }
`;

/**
 * What the page does: asks for the overview every second and shows it as text, never as markup. A key is kept in memory
 * alone and sent as a header.
 */
export const SCRIPT = `
'use strict';
const byId = (id) => document.getElementById(id);
const put = (id, text) => { byId(id).textContent = text; };
let key = '';
byId('key').addEventListener('change', (event) => { key = event.target.value.trim(); void show(); });
const cell = (text, className) => {
  const td = document.createElement('td');
  td.textContent = text;
  if (className) td.className = className;
  return td;
};
const fill = (id, rows) => byId(id).replaceChildren(...rows.map((cells) => {
  const tr = document.createElement('tr');
  tr.append(...cells);
  return tr;
}));
async function show() {
  try {
    const response = await fetch('api/v1/overview', { headers: key ? { authorization: 'Bearer ' + key } : {} });
    byId('login').hidden = response.status !== 401 && response.status !== 403;
    const body = await response.json();
    if (!response.ok) return put('state', body.detail);
    put('state', body.missing.length === 0 ? 'Everything is there.' : 'Away: ' + body.missing.map((m) => m.part).join(', '));
    byId('state').className = body.missing.length === 0 ? 'good' : 'bad';
    put('block', body.head ? body.head.block : '–');
    put('entries', body.head ? body.head.entries : '–');
    put('age', body.head ? body.head.ageMs + ' ms' : '–');
    put('epoch', body.epoch ?? '–');
    put('leader', body.leader ? body.leader.url : 'nobody');
    put('intake', body.intake ?? '–');
    put('tps', body.rates.transactionsPerSecond);
    put('bps', body.rates.blocksPerSecond);
    put('undecided', body.operations ? body.operations.undecided : '–');
    put('latency', body.operations && body.operations.latencyMs
      ? body.operations.latencyMs.p50 + ' / ' + body.operations.latencyMs.p99 + ' ms' : '–');
    put('incidents', body.incidents ? body.incidents.last24h : '–');
    fill('executors', body.executors.map((e) => [
      cell(e.chainId), cell(e.role), cell(e.health, e.health === 'healthy' ? 'good' : e.health === 'unknown' ? '' : 'bad'), cell(e.block ?? '–'),
      cell(e.lag ? e.lag.blocks : '–'), cell(e.lag ? e.lag.ms + ' ms' : '–'), cell(e.version ?? '–'),
    ]));
    fill('missing', body.missing.map((m) => [cell(m.part), cell(m.since), cell(m.reason)]));
  } catch (error) {
    put('state', 'The admin API does not answer: ' + error.message);
    byId('state').className = 'bad';
  }
}
void show();
setInterval(show, 1000);
`;

const FIGURES = [
  ['block', 'newest block'],
  ['entries', 'entries'],
  ['age', 'age of log time'],
  ['epoch', 'epoch'],
  ['leader', 'leader'],
  ['intake', 'intake'],
  ['tps', 'transactions/s'],
  ['bps', 'blocks/s'],
  ['undecided', 'undecided operations'],
  ['latency', 'operations p50 / p99'],
  ['incidents', 'incidents in 24 h'],
] as const;

/** The whole page; it loads nothing else. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lockstep</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Lockstep</h1>
<p id="state" role="status">…</p>
<p id="login" hidden><label>API key <input id="key" type="password" autocomplete="off"></label></p>
<dl>${FIGURES.map(([id, name]) => `<div><dt>${name}</dt><dd id="${id}">–</dd></div>`).join('')}</dl>
<h2>Executors</h2>
<table><thead><tr><th>rollup</th><th>role</th><th>health</th><th>block</th><th>behind</th><th>lag</th><th>version</th></tr></thead>
<tbody id="executors"></tbody></table>
<h2>Missing</h2>
<table><thead><tr><th>part</th><th>since</th><th>reason</th></tr></thead><tbody id="missing"></tbody></table>
<p><a href="docs">API documentation</a> · <a href="openapi.json">OpenAPI</a></p>
<script>${SCRIPT}</script>
</body>
</html>
`;
