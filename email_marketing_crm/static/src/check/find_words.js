/** Attributes of a mail in which something can stand that nobody reads. */
const ATTRIBUTES = [
    ["t[t-out]", "t-out"],
    ["img[src]", "src"],
    ["a[href]", "href"],
];

/**
 * Small letters, one for each, so that places stay the same.
 *
 * @param {string} text
 * @returns {string[]}
 */
function fold(text) {
    return text.split("").map((letter) => letter.toLowerCase()[0]);
}

function isSpace(letter) {
    return letter.trim() === "";
}

/**
 * Where words stand below an element: the first place, whatever elements they go
 * through, whatever spaces are between them.
 *
 * @param {HTMLElement} root
 * @param {string} words
 * @returns {Range|undefined}
 */
export function findWords(root, words) {
    const wanted = fold(words)
        .filter((letter) => !isSpace(letter))
        .join("");
    const letters = [];
    const places = [];
    const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        fold(node.data).forEach((letter, offset) => {
            if (!isSpace(letter)) {
                letters.push(letter);
                places.push({node, offset});
            }
        });
    }
    const start = letters.join("").indexOf(wanted);
    if (!wanted || start < 0) {
        return undefined;
    }
    const first = places[start];
    const last = places[start + wanted.length - 1];
    const range = root.ownerDocument.createRange();
    range.setStart(first.node, first.offset);
    range.setEnd(last.node, last.offset + 1);
    return range;
}

/**
 * The field, picture or link that something is an attribute of.
 *
 * @param {HTMLElement} root
 * @param {string} value
 * @returns {HTMLElement|undefined}
 */
export function findElement(root, value) {
    for (const [selector, attribute] of ATTRIBUTES) {
        for (const element of root.querySelectorAll(selector)) {
            const found = element.getAttribute(attribute);
            if (found === value || (attribute === "t-out" && found.includes(value))) {
                return element;
            }
        }
    }
    return undefined;
}
