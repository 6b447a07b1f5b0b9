/** The look of a report: light or dark as the reader's system is, light on paper. */

/** The Content-Security-Policy of a report, in its header and in the file itself: nothing is loaded and nothing runs. */
export const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const light = `--paper:#fbf9f4;--sheet:#fff;--ink:#1f1d1a;--ink2:#4f4a42;--ink3:#6d675d;--rule:#e2dccf;--accent:#1d5566;--down:#8f4e10;--done:#2b6237;
--gold:#b97a0c;--wash:#f3efe6;--heat:29,85,102`;
const dark = `--paper:#15171a;--sheet:#1c1f23;--ink:#ebe7de;--ink2:#c0bab0;--ink3:#979086;--rule:#2f343a;--accent:#84c5d6;--down:#e3a667;--done:#8ccb97;
--gold:#e6b450;--wash:#1f2328;--heat:132,197,214`;

export const reportCss = `:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font:600 2rem/1.2 Georgia,serif;margin:0 0 .3rem;overflow-wrap:anywhere}
h2{font:600 1.3rem/1.3 Georgia,serif;margin:2.6rem 0 .6rem;border-bottom:1px solid var(--rule);padding-bottom:.25rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.5rem 0;max-width:46rem;overflow-wrap:anywhere}
.about{color:var(--ink2)}
.note,figcaption{color:var(--ink3);font-size:.875rem}
.answer{font:1.25rem/1.4 Georgia,serif;border-left:4px solid var(--gold);padding:.2rem 0 .2rem .9rem;margin:1.2rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .55rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
th{color:var(--ink2);font-weight:600;vertical-align:bottom}
td.n,th.n{text-align:right}td.n{white-space:nowrap}td.lines{white-space:pre;text-align:right}
tr.winner td{background:var(--wash);font-weight:600}
td.text{min-width:7rem;max-width:20rem;overflow-wrap:anywhere}
.up,.down,.done{white-space:nowrap}.up{color:var(--accent)}.down{color:var(--down)}.done{color:var(--done)}
figure{margin:1rem 0}
svg{max-width:100%;height:auto;background:var(--sheet);border:1px solid var(--rule);border-radius:4px;font-family:inherit}
svg.spark{width:110px;height:26px;border:0;background:none}
.curves{display:flex;flex-wrap:wrap;gap:.6rem}

.grid{stroke:var(--rule)}.axis{stroke:var(--ink3)}
svg text{fill:var(--ink3);font-size:11.5px}svg .label{fill:var(--ink2)}
.path{fill:none;stroke:var(--ink3);stroke-dasharray:4 3}
.bar{stroke:var(--accent);stroke-width:2}
.mark{fill:var(--accent)}.winner{fill:var(--gold)}.hollow{fill:none;stroke:var(--ink3);stroke-width:1.5}
.training{fill:none;stroke:var(--ink3);stroke-width:1.3}.validation{fill:none;stroke:var(--accent);stroke-width:1.8}
.dot{fill:var(--accent);fill-opacity:.45}.right{stroke:var(--down);stroke-width:1.2;fill:none}
.column{fill:var(--accent);fill-opacity:.7}
.heat td,.heat th{text-align:center;padding:.25rem .5rem}
.heat td{background:rgba(var(--heat),var(--share))}
.mistakes{display:flex;flex-wrap:wrap;gap:.7rem;padding:0;list-style:none}
.mistakes li{font-size:.8rem;width:6.5rem}
.mistakes img{width:84px;height:84px;image-rendering:pixelated;display:block;border:1px solid var(--rule);object-fit:contain}
ol.decisions{padding-left:1.6rem}
ol.decisions li{margin:.5rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.9rem;margin:.5rem 0}
dt{color:var(--ink2)}dd{margin:0;overflow-wrap:anywhere}
code,pre{font:.83rem/1.45 ui-monospace,Menlo,monospace}
pre{background:var(--wash);padding:.8rem;border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere}
@media (max-width:40rem){main{padding:1rem .8rem 3rem}h1{font-size:1.5rem}}
@media print{:root{${light};color-scheme:light}body{background:#fff;font-size:11pt}main{max-width:none;padding:0}
h2{break-after:avoid}figure,tr,li,svg{break-inside:avoid}.wide{overflow:visible}}`;
