/** The pages' frame, and the little of Markdown that descriptions use. */

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export const slug = (text: string): string => text.toLowerCase().replace(/[^a-z]+/g, '-');

const asCode = (text: string): string => `<code>${text}</code>`;

/** `code`, **bold** and [links](/path) of one paragraph. */
export function inline(text: string, code: (text: string) => string = asCode): string {
  return escape(text)
    .replace(/`([^`]+)`/g, (_match, inner: string) => code(inner))
    .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replace(/\[([^\]]+)\]\((\/[\w/#-]*)\)/g, '<a href="$2">$1</a>');
}

export function paragraphs(text: string): string {
  return text
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('');
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1a2233;--soft:#5b667a;--line:#e3e7ee;--paper:#fff;--side:#f6f8fb;--accent:#0b5cad;--code:#f2f5f9;--dark:#131a26}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf2;--soft:#9aa6ba;--line:#2b3547;--paper:#10161f;--side:#0b1018;--accent:#7cb8f5;--code:#1b2432;--dark:#0a0f17}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--paper);display:grid;grid-template:auto 1fr/17rem minmax(0,1fr)}
header{grid-area:1/2;padding:2rem 3rem 0}
nav{grid-area:1/1/3/2;position:sticky;top:0;height:100vh;overflow-y:auto;background:var(--side);border-right:1px solid var(--line);padding:1.25rem 1rem 3rem;font-size:.875rem}
nav .brand{font-weight:700;font-size:1.1rem;display:block;margin-bottom:.5rem;color:var(--ink)}
nav a{display:block;color:var(--soft);text-decoration:none;padding:.12rem .25rem;overflow-wrap:anywhere}
nav a.group{color:var(--ink);font-weight:600;margin-top:.9rem}
nav a:hover,nav a:focus{color:var(--accent)}
main{grid-area:2/2;padding:0 3rem 6rem;max-width:86rem}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 1rem}
h2{font-size:1.5rem;margin:3.5rem 0 .5rem;padding-top:1rem;border-top:2px solid var(--line)}
h3{font-size:1.15rem;margin:0 0 .3rem}
h4{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;color:var(--soft);margin:1.4rem 0 .3rem}
p{margin:.5rem 0}
.intro,.text,section>p{max-width:46rem}
a{color:var(--accent)}
article{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,29rem);gap:2.5rem;padding:2rem 0;border-top:1px solid var(--line)}
article.single{grid-template-columns:minmax(0,1fr);padding:1.2rem 0}
article:target h3{color:var(--accent)}
code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);padding:.1em .3em;border-radius:4px;overflow-wrap:anywhere}
pre{background:var(--dark);color:#e4eaf4;font:.8rem/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;padding:1rem;border-radius:8px;overflow-x:auto;margin:.4rem 0 1rem}
figure{margin:0}figcaption{font-size:.8rem;color:var(--soft)}
figure pre{max-height:26rem;overflow-y:auto}
.route code{background:none;padding:0}
.method{display:inline-block;font:700 .72rem/1.6 ui-monospace,Menlo,Consolas,monospace;padding:0 .5em;border-radius:4px;background:var(--code);color:var(--ink)}
.method.get{background:#d9ecff;color:#0a4580}.method.post{background:#d9f5e3;color:#0d5c31}.method.put{background:#fff0cf;color:#6d4a00}.method.delete{background:#ffe1e1;color:#8a1616}
dl{margin:.2rem 0}dt{margin-top:.7rem}dd{margin:.1rem 0 0;color:var(--soft);font-size:.925rem}
dt code{font-weight:600}
.type{font-size:.8rem;color:var(--soft)}.required{font-size:.72rem;color:#b3400e;font-weight:600}
@media(prefers-color-scheme:dark){.required{color:#ff9d6b}}
details{margin:.6rem 0;border-left:3px solid var(--line);padding-left:.9rem}
summary{cursor:pointer;font-size:.875rem;color:var(--soft)}
@media(max-width:70rem){article{grid-template-columns:minmax(0,1fr);gap:.5rem}}
nav details{margin:0;border:0;padding:0}
@media(min-width:48.01rem){@supports selector(::details-content){nav summary{display:none}nav details::details-content{content-visibility:visible;block-size:auto}}}
@media(max-width:48rem){body{display:block}header{padding:1rem 1rem 0}nav{position:static;height:auto;padding:.5rem 1rem;border:solid var(--line);border-width:1px 0}nav .brand{display:none}nav summary{padding:.4rem 0;font-size:1rem;color:var(--ink)}main{padding:1rem}}
`.trim();

/** The index is folded away on narrow screens, and always open beside the text on wide ones. */
export function layout(title: string, heading: string, navigation: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${escape(heading)}</h1></header>
<nav aria-label="Contents"><a class="brand" href="/docs">Refundry</a><details><summary>Contents</summary>${navigation}</details></nav>
<main>${content}</main>
</body>
</html>
`;
}
