// What a reader sees of the page in this window: each piece of text with its colours and boxes, links, button.
const shown = box => box.width > 0 && box.height > 0;
const box = b => ({left: b.left, right: b.right, top: b.top + scrollY, bottom: b.bottom + scrollY, width: b.width, height: b.height});

function colourBehind(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (getComputedStyle(at).backgroundImage !== 'none') layers.push('an image');
        if (colour !== 'rgba(0, 0, 0, 0)') layers.push(colour);
        if (/^rgb\(/.test(colour)) break;
    }
    return layers;
}

// The boxes of ancestors that text may not leave: table cells, and whatever cuts its content off.
function limits(element) {
    const found = [];
    for (let at = element; at; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (at.tagName === 'TD' || style.overflowX !== 'visible' || style.overflowY !== 'visible') found.push(box(at.getBoundingClientRect()));
    }
    return found;
}

function letter(node, index) {
    const range = document.createRange();
    range.setStart(node, index);
    range.setEnd(node, index + 1);
    return box(range.getBoundingClientRect());
}

const texts = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter(shown).map(box), element = node.parentElement, style = getComputedStyle(element);
    if (!boxes.length) continue;
    texts.push({
        words: node.data.trim(), boxes, limits: limits(element), colour: style.color, behind: colourBehind(element),
        opacity: style.opacity, visibility: style.visibility, size: parseFloat(style.fontSize), direction: style.direction,
        weight: style.fontWeight,
    });
}

// The last mark of each paragraph and the letter before it: it must stand at the line's end.
const ends = [];
for (const paragraph of document.querySelectorAll('p, h1, h2, td.footer')) {
    const inside = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
    let last = null;
    for (let node = inside.nextNode(); node; node = inside.nextNode()) if (node.data.trim()) last = node;
    if (!last || !paragraph.getClientRects().length) continue;
    const at = last.data.trimEnd().length - 1;
    const mark = letter(last, at), boxes = [];
    const range = document.createRange();
    range.selectNodeContents(paragraph);
    for (const each of range.getClientRects()) {
        const line = box(each);
        if (line.width > 0 && line.bottom > mark.top + 2 && line.top < mark.bottom - 2) boxes.push(line);
    }
    ends.push({words: paragraph.textContent.trim(), sign: last.data[at], mark, direction: getComputedStyle(paragraph).direction,
               left: Math.min(...boxes.map(b => b.left)), right: Math.max(...boxes.map(b => b.right))});
}

// What must run from left to right whatever the language: its first two letters say it.
function leftToRight(element) {
    if (!element) return null;
    const inside = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), node = inside.nextNode();
    return {words: element.textContent.trim(), direction: getComputedStyle(element).direction, first: letter(node, 0), second: letter(node, 1)};
}

const button = document.querySelector('.button a');
let pressed = null;
if (button) {
    const at = button.getBoundingClientRect();
    button.scrollIntoView({block: 'center'});
    const now = button.getBoundingClientRect();
    const hit = document.elementFromPoint((now.left + now.right) / 2, (now.top + now.bottom) / 2);
    pressed = {words: button.textContent, href: button.getAttribute('href'), box: box(button.getBoundingClientRect()),
               hit: hit === button || button.contains(hit), edge: getComputedStyle(button.parentElement).borderTopColor,
               face: colourBehind(button), behind: colourBehind(button.closest('.button').parentElement)};
    scrollTo(0, 0);
}

const page = document.documentElement;
return {
    window: {width: innerWidth, height: innerHeight}, wide: page.scrollWidth, start: page.scrollLeft,
    lang: page.lang, dir: page.dir, direction: getComputedStyle(document.body).direction, title: document.title,
    scheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
    texts, ends, button: pressed,
    links: [...document.links].map(link => ({href: link.getAttribute('href'), words: link.textContent.trim()})),
    secret: leftToRight(document.querySelector('.secret')), address: leftToRight(document.querySelector('p.address a')),
    images: [...document.images].map(image => ({alt: image.alt, complete: image.complete, width: image.naturalWidth, colour: getComputedStyle(image).color,
        behind: colourBehind(image), box: box(image.getBoundingClientRect())})),
};
