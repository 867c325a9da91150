"""The style of a report: light and dark, on a screen, a phone and paper."""

from __future__ import annotations

from pages.charts.chart_parts import AXIS_INK, DARK, LIGHT

_RULES = """
:root{color-scheme:light dark;--ground:#FFFFFF;--ink:#111827;--soft:#56616F;--line:#DBE2EB;
--band:#F7F9FC;--up:LIGHT_UP;--down:LIGHT_DOWN}
@media (prefers-color-scheme:dark){:root{--ground:#0D1117;--ink:#E6EBF1;--soft:#A3AEBD;
--line:#2C3643;--band:#171D26;--up:DARK_UP;--down:DARK_DOWN}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 "Source Sans 3","Source Sans Pro",system-ui,"Liberation Sans",Arial,sans-serif}
main{max-width:1040px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:26px;font-weight:650;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:17px;font-weight:600;margin:0 0 12px}
.line,.caption,footer{color:var(--soft);margin:0 0 2px}
.badge{display:inline-block;margin:0 0 8px;padding:1px 10px;border-radius:8px;
border:1px solid #B7791F;font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:14px;margin:24px 0}
.tile,section{border:1px solid var(--line);border-radius:8px;padding:16px 18px}
section{margin:0 0 20px;break-inside:avoid-page}
.label,.note{color:var(--soft);font-size:13.5px}
.value{font-size:25px;font-weight:600;line-height:1.35;font-variant-numeric:tabular-nums}
.delta{font-size:14px;min-height:21px}
.up{color:var(--up)}.down{color:var(--down)}
img{display:block;width:100%;height:auto}
.tables{display:flex;flex-wrap:wrap;gap:24px}
.wide{flex:1 1 300px;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-weight:600;font-size:13.5px;color:var(--soft);background:var(--band)}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td.text{overflow-wrap:break-word}
.number{text-align:right;white-space:nowrap}
th.up,th.down{color:var(--soft)}
.caption{margin-top:12px;font-size:13.5px}
footer{font-size:13.5px;margin-top:28px}
@media (max-width:600px){picture{display:block;overflow-x:auto}img{width:620px;max-width:none}}
@media print{main{max-width:none;padding:0}.wide{overflow:visible}}
"""
STYLE = (
    _RULES.replace("LIGHT_UP", LIGHT.up)
    .replace("LIGHT_DOWN", LIGHT.down)
    .replace("DARK_UP", DARK.up)
    .replace("DARK_DOWN", DARK.down)
    .replace("AXIS", AXIS_INK)
    .replace("\n", "")
)
