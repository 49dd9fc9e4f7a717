// @ts-check
// Shows the emphasis, lists and code in a persona's text, which models write as Markdown. The text itself stays in its
// slot, hidden. Links, pictures and HTML stay text: a model invents addresses.

/** @typedef {import("../../vendor/markdown-it/markdown-it.js").Token} Token */
/** @typedef {import("../../vendor/markdown-it/markdown-it.js").default} MarkdownIt */

const MAY_BE_MARKED = /[*_`>~]|^[ \t]*(?:[-+]|\d{1,2}[.)]|#{1,6})[ \t]/m;
const RULES = ["emphasis", "strikethrough", "backticks", "escape", "newline", "fence", "blockquote", "list", "heading", "hr"];
/** @type {Record<string, string>} the element for a token's tag; others become no element */
const ELEMENTS = {
  p: "p", em: "em", strong: "strong", s: "s", blockquote: "blockquote", ul: "ul", ol: "ol", li: "li",
  h1: "p", h2: "p", h3: "p", h4: "p", h5: "p", h6: "p", // no headings: they would mix with those of the page
};
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** @type {Promise<MarkdownIt> | undefined} */
let parser;

/**
 * Shows the text of a finished message with its marks, and of any other one as it is.
 * @param {Element} message
 */
export async function showMarks(message) {
  const source = /** @type {HTMLElement | null} */ (message.querySelector('[data-slot="text"]'));
  if (!source) return;
  const text = source.textContent ?? "";
  const tokens = isFinished(message) && MAY_BE_MARKED.test(text) ? (await markdown()).parse(text, {}) : [];
  const formatted = tokens.some(isMark) ? formattedElement(tokens, source) : null;
  if (source.textContent !== text) return; // more text came while the parser loaded
  source.parentElement?.querySelector("[data-formatted]")?.remove();
  source.hidden = formatted !== null;
  if (formatted) source.after(formatted);
}

/** Whether the text has come and is typed out. @param {Element} message */
function isFinished(message) {
  const { status = "" } = /** @type {HTMLElement} */ (message).dataset;
  return ["", "completed", "stopped", "failed"].includes(status) && !message.hasAttribute("data-typing");
}

/** @param {Token} token @returns {boolean} whether the text is more than paragraphs */
function isMark(token) {
  return token.children ? token.children.some(isMark) : !/^(paragraph_(open|close)|text|softbreak)$/.test(token.type);
}

/** @returns {Promise<MarkdownIt>} */
function markdown() {
  parser ??= import("../../vendor/markdown-it/markdown-it.js").then(({ default: Parser }) => {
    const made = new Parser("zero", { breaks: true, maxNesting: 20 }).enable(RULES);
    made.inline.State = withWideMarks(made.inline.State);
    return made;
  });
  return parser;
}

/**
 * CommonMark decides by blanks whether a mark opens or closes. Chinese has none: in **注意：**请看 the mark would not close.
 * @param {typeof import("../../vendor/markdown-it/markdown-it.js").StateInline} State
 */
function withWideMarks(State) {
  return class extends State {
    /** @param {number} start @param {boolean} canSplitWord */
    scanDelims(start, canSplitWord) {
      const marks = super.scanDelims(start, canSplitWord);
      const before = this.src.charAt(start - 1);
      const after = this.src.charAt(start + marks.length);
      if (WIDE.test(before) && after && !/\s/.test(after)) marks.can_open = true;
      if (WIDE.test(after) && before && !/\s/.test(before)) marks.can_close = true;
      return marks;
    }
  };
}

/** @param {Token[]} tokens @param {HTMLElement} source */
function formattedElement(tokens, source) {
  const element = document.createElement("div");
  element.className = "message-formatted words";
  element.dataset.formatted = "";
  element.lang = source.lang;
  element.dir = "auto";
  append(element, tokens);
  return element;
}

/**
 * Elements are made one by one and texts are set as text, so no markup of the text reaches the page.
 * @param {HTMLElement} root
 * @param {Token[]} tokens
 */
function append(root, tokens) {
  const open = [root];
  for (const token of tokens) {
    const parent = open.at(-1) ?? root;
    if (token.nesting === 1) open.push(token.hidden ? parent : added(parent, token));
    else if (token.nesting === -1) open.pop();
    else if (token.children) append(parent, token.children);
    else parent.append(leaf(token));
  }
}

/** @param {HTMLElement} parent @param {Token} token */
function added(parent, token) {
  const element = document.createElement(ELEMENTS[token.tag] ?? "span");
  if (/^h\d$/.test(token.tag)) element.className = "message-heading";
  if (token.tag === "p" || element.localName === "p") element.dir = "auto";
  if (token.tag === "ol") element.setAttribute("start", token.attrGet("start") ?? "1");
  parent.append(element);
  return element;
}

/** @param {Token} token @returns {Node} */
function leaf(token) {
  switch (token.type) {
    case "hardbreak":
    case "softbreak":
      return document.createElement("br");
    case "hr":
      return document.createElement("hr");
    case "code_inline":
    case "fence": {
      const code = document.createElement("code");
      code.textContent = token.content;
      if (token.type === "code_inline") return code;
      const block = document.createElement("pre");
      block.tabIndex = 0; // long lines scroll, also by keyboard
      block.append(code);
      return block;
    }
    default:
      return document.createTextNode(token.content);
  }
}
