"""Style and script of the page; both stand in the file and are allowed by their hashes."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light;--ink:#16202b;--muted:#4d5a68;--line:#cfd7e0;--pale:#f4f6f9;
  --blue:#1f5a8c;--red:#a8321a}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:#fff;color:var(--ink);
  font:16px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans CJK SC","Microsoft YaHei",
  "PingFang SC",sans-serif;overflow-wrap:anywhere}
main,header,footer{max-width:64rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.25rem;margin:0 0 .75rem;line-height:1.3}
section{margin:2rem 0;padding-top:1.5rem;border-top:1px solid var(--line)}
#verdict{border-top:0;margin-top:.5rem;padding-top:.5rem}
#verdict>h2{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
p{margin:.5rem 0 1rem;max-width:46rem}
small,.note{color:var(--muted);font-size:.875rem}
.unit{color:var(--muted)}
code{font-family:ui-monospace,"Cascadia Mono",Consolas,monospace;font-size:.9em}
a{color:var(--blue)}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:1rem;background:#fff;padding:.5rem 1rem;border:2px solid var(--blue);
  z-index:1}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
.badge{display:inline-block;border:2px solid;border-radius:.3rem;padding:.05rem .6rem;
  margin-right:.4rem}
.good{color:#11643a;background:#edf8f1}
.fair{color:#7a4b00;background:#fdf6e6}
.bad{color:#9b2511;background:#fdefec}
.lead{font-size:1.125rem;font-weight:600}
dl.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));
  gap:.75rem 1.5rem;background:var(--pale);padding:1rem;border-radius:.4rem;margin:1rem 0}
dl.known{margin:1rem 0}
dl.known>div{display:grid;grid-template-columns:11rem 1fr;gap:.25rem 1rem;margin:.25rem 0}
dt{color:var(--muted);font-size:.9rem}
dd{margin:0}
dd ul,td ul{margin:0;padding-left:1.1rem}
dl.figures b{font-size:1.1rem}
.scroll{overflow-wrap:break-word;overflow-x:auto;margin:1rem 0;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.25rem 0;max-width:46rem}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left;
  vertical-align:top;min-width:4rem}
thead th{vertical-align:bottom;background:var(--pale);overflow-wrap:normal;font-size:.85rem}
.number{text-align:right;overflow-wrap:normal}
td.number,th.number{white-space:nowrap}
td.text{min-width:11rem}
td .ends{display:block}
th bdi,td bdi{display:inline-block;max-width:12rem;vertical-align:top}
.day{white-space:nowrap}
:lang(zh) th,:lang(zh) td:not(.text){word-break:keep-all}
thead th.number{white-space:normal}
tbody th{font-weight:400;min-width:5rem}
tfoot th,tfoot td{font-weight:700;border-top:2px solid var(--ink)}
tr.own th,tr.own td{background:#eaf2fa;font-weight:700}
figure{margin:1rem 0;max-width:45rem}
figcaption{color:var(--muted);font-size:.875rem}
svg{display:block;width:100%;height:auto}
.narrow{display:none}
details{margin:.75rem 0}
summary{cursor:pointer;font-weight:600;padding:.25rem 0}
fieldset{border:1px solid var(--line);border-radius:.4rem;padding:.75rem 1rem;margin:0}
legend{font-weight:600;padding:0 .4rem}
.slider{display:grid;grid-template-columns:9rem 1fr 13rem;gap:.25rem 1rem;align-items:center;
  margin:.4rem 0}
input[type=range]{width:100%;height:2rem;margin:0;accent-color:var(--blue)}
output{font-weight:600;font-variant-numeric:tabular-nums}
button{font:inherit;padding:.3rem .9rem;border:1px solid var(--blue);border-radius:.3rem;
  background:#fff;color:var(--blue)}
#whatif-controls{display:grid;gap:1rem;margin:1rem 0}
#whatif-controls[hidden]{display:none}
#whatif-plan{background:var(--pale);border-radius:.4rem;padding:.75rem 1rem;min-height:9.5rem}
#whatif-plan p{margin:.25rem 0}
#whatif-plan.out{background:#fdefec}
blockquote{margin:1rem 0;padding:.75rem 1rem;border-left:4px solid var(--blue);
  background:var(--pale)}
blockquote p{margin:0;max-width:none}
ul.warning{padding-left:1.2rem}
ul.warning li{margin:.4rem 0}
ul.warning li::marker{color:var(--red)}
footer{color:var(--muted);font-size:.85rem;padding-bottom:2rem}
@media screen and (max-width:40rem){
main,header,footer{padding:0 1rem}
header{padding-top:1rem}
.wide{display:none}
.narrow{display:block}
.slider{grid-template-columns:1fr auto}
.slider input{grid-column:1/3;grid-row:2}
.slider output{text-align:right}
dl.known>div{grid-template-columns:1fr;gap:0;margin:.6rem 0}
caption{max-width:calc(100vw - 2.5rem)}
table.cards,.cards tbody,.cards tfoot{display:block}
.cards caption{display:block}
.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
.cards th,.cards td{display:flex;justify-content:space-between;gap:1rem;border:0;
  padding:.15rem .25rem;text-align:right;white-space:normal}
.cards tbody th,.cards tfoot th{font-weight:700;font-size:1rem;text-align:left}
.cards td::before{content:attr(data-label);color:var(--muted);text-align:left;flex:0 0 42%}
td.text{min-width:20rem}
.cards bdi{max-width:100%;overflow-wrap:anywhere}
.cards .none{display:none}
.cards td>span{min-width:0}
.cards tfoot tr{border-bottom:2px solid var(--ink)}
}
@page{size:A4;margin:16mm 14mm}
@media print{
html{font-size:10pt}
tfoot{display:table-row-group}
.cards{break-inside:avoid}
main,header,footer{max-width:none;padding:0}
.skip,#whatif-controls,details:not([open]),summary{display:none!important}
.wide{display:block}
.narrow{display:none}
figure{max-width:150mm;break-inside:avoid}
section{margin:6mm 0;padding-top:4mm}
h2,caption,dl.figures,.keep,tr,blockquote{break-inside:avoid}
h2,caption{break-after:avoid}
.scroll{overflow:visible}
table{font-size:8pt}
th,td,td.text{padding:1mm 1.2mm;min-width:0}
tbody th{min-width:0}
td.number,th.number{white-space:normal}
thead{display:table-header-group}
dl.figures,thead th,blockquote,.badge,tr.own td,tr.own th{-webkit-print-color-adjust:exact;
  print-color-adjust:exact}
a{color:inherit;text-decoration:none}
}
""".strip()

SCRIPT = """
(function(){'use strict';
var box=document.getElementById('whatif-controls');if(!box)return;
var data=JSON.parse(document.getElementById('whatif-data').textContent);
var names=['target','confidence','weeks','budget'];
var sliders=names.map(function(n){return document.getElementById('whatif-'+n)});
var shown=names.map(function(n){return document.getElementById('whatif-'+n+'-now')});
var panel=document.getElementById('whatif-plan');
function show(){
var place=0;
sliders.forEach(function(s,i){var at=Number(s.value),text=data.axes[i][at];
place=place*data.axes[i].length+at;shown[i].textContent=text;s.setAttribute('aria-valuetext',text)});
var plan=data.plans[data.at[place]],list=document.getElementById('whatif-buy');
document.getElementById('whatif-cost').textContent=plan.head;
document.getElementById('whatif-told').textContent=plan.told;
list.textContent='';
plan.buy.forEach(function(text){
var li=document.createElement('li');li.textContent=text;list.appendChild(li)});
list.hidden=!plan.buy.length;
panel.className=plan.cost===null?'out':'';
panel.setAttribute('data-position',place);
panel.setAttribute('data-cost',plan.cost===null?'':plan.cost)}
sliders.forEach(function(s){s.addEventListener('input',show)});
document.getElementById('whatif-back').addEventListener('click',function(){
sliders.forEach(function(s,i){s.value=data.own[i]});show()});
sliders.forEach(function(s,i){s.value=data.own[i]});
var table=document.getElementById('whatif-table');table.open=false;
var opened=false;
window.addEventListener('beforeprint',function(){opened=table.open;table.open=true});
window.addEventListener('afterprint',function(){table.open=opened});
box.hidden=false;show();
})();
""".strip()


def hashed(text: str) -> str:
    """What a policy of content calls this text."""
    made = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(made).decode()}'"


def policy() -> str:
    """No network, no other script or style than those of this file."""
    return (
        f"default-src 'none'; script-src {hashed(SCRIPT)}; style-src {hashed(STYLE)}; "
        "base-uri 'none'; form-action 'none'"
    )
