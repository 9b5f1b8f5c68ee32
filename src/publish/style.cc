#include "publish/pages.h"

namespace accord::publish {

// Sizes in rem and em, so that it grows with the reader's font; one column, so that it can be magnified.
std::string_view StyleSheet() {
  return R"(:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --faint: #555555; --line: #b8b8b8;
  --band: #f2f4f7; --link: #0b4f9e; --good: #1a6b2d; --bad: #a3201d; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #16181c; --faint: #b4b4b4; --line: #55595f; --band: #22262c; --link: #8fc1ff;
    --good: #8fdc9f; --bad: #ff9d98; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 0 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, "Noto Sans", "Liberation Sans", sans-serif; }
a { color: var(--link); }
a:focus-visible, .table:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 1rem; background: var(--paper); z-index: 1; }
header { border-bottom: 1px solid var(--line); padding: 1rem 0 0; }
.site { margin: 0 0 0.5rem; font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0; padding: 0 0 0.75rem; }
nav a { display: inline-block; padding: 0.35rem 0; }
nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; border-bottom: 3px solid var(--link); }
h1 { font-size: 1.8rem; line-height: 1.25; margin: 1.5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2rem 0 0.75rem; overflow-wrap: anywhere; }
p { max-width: 44rem; }
dl { display: grid; grid-template-columns: minmax(10rem, 17rem) 1fr; margin: 0; }
dt, dd { padding: 0.35rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--faint); padding-inline-end: 1rem; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
dd ul { margin: 0; padding-inline-start: 1.2rem; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dt { border: 0; padding-bottom: 0; } }
code, pre { font-family: ui-monospace, "Liberation Mono", monospace; font-size: 0.9em; }
code { overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: 0.75rem 1rem; background: var(--band); border-radius: 0.25rem; }
.table { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; min-width: 100%; }
caption { text-align: start; color: var(--faint); padding: 0.25rem 0; }
th, td { text-align: start; vertical-align: top; padding: 0.45rem 0.9rem 0.45rem 0; border-bottom: 1px solid var(--line);
  min-width: 5.5rem; max-width: 22rem; }
thead th { border-bottom: 2px solid var(--ink); white-space: nowrap; }
td { overflow-wrap: break-word; }
tbody th { font-weight: 600; }
time { white-space: nowrap; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); color: var(--faint); font-size: 0.9rem; }
@media print {
  :root { --ink: #000000; --paper: #ffffff; --faint: #333333; --line: #999999; --band: #ffffff; --link: #000000;
    --good: #000000; --bad: #000000; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip { display: none; }
  .table { overflow: visible; }
  th, td { min-width: 0; overflow-wrap: anywhere; }
  time { white-space: normal; }
  pre { white-space: pre-wrap; border: 1px solid var(--line); }
  tr, dt, dd { break-inside: avoid; }
  thead { display: table-header-group; }
  h1, h2, caption { break-after: avoid; }
}
)";
}

}  // namespace accord::publish
