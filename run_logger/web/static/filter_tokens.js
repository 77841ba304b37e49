// @ts-check
// The words of a filter, each with its place in the text.

/**
 * @typedef {object} Token
 * @property {"word" | "string" | "key" | "index" | "operator" | "sign" | "open-quote"} kind `key`
 *   and `index` go on with a path: `.lr`, `."learning rate"`, `[0]`.
 * @property {string} text As it stands in the filter.
 * @property {string} value What it means.
 * @property {number} start
 * @property {number} end
 */

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const WORD = String.raw`(?:(?!\.["'])[^\s()[\],"'=!<>~])+`;
const PATTERN = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    `(?<string>${QUOTED})`,
    String.raw`(?<operator>!=|<=|>=|!~|==|[=<>~])`,
    String.raw`(?<index>\[\d+\])`,
    `(?<key>\\.(?:${QUOTED}))`,
    `(?<word>${WORD})`,
    String.raw`(?<sign>[(),])`,
    String.raw`(?<other>.)`,
  ].join("|"),
  "gsu",
);

/**
 * Cut a filter into words.
 *
 * @param {string} text
 * @returns {Token[]}
 */
export function lex(text) {
  return [...text.matchAll(PATTERN)].flatMap(tokensOf);
}

/**
 * @param {RegExpMatchArray} match
 * @returns {Token[]}
 */
function tokensOf(match) {
  const text = match[0];
  const start = match.index ?? 0;
  const end = start + text.length;
  const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0];
  switch (kind) {
    case "space":
      return [];
    case "string":
      return [{ kind: "string", text, value: unquoted(text), start, end }];
    case "key":
      return [{ kind: "key", text, value: unquoted(text.slice(1)), start, end }];
    case "index":
      return [{ kind: "index", text, value: text.slice(1, -1), start, end }];
    case "word":
      return keysOf(text, start);
    case "operator":
    case "sign":
      return [{ kind, text, value: text, start, end }];
    default:
      return [{ kind: /["']/.test(text) ? "open-quote" : "sign", text, value: text, start, end }];
  }
}

/**
 * Cut `parameters.lr` into its keys. A number stays whole.
 *
 * @param {string} text
 * @param {number} start
 * @returns {Token[]}
 */
function keysOf(text, start) {
  if (/^[-+.]?\d/.test(text)) {
    return [{ kind: "word", text, value: text, start, end: start + text.length }];
  }
  let at = start;
  return text.split(/(?=\.)/).map((part, index) => {
    const from = at;
    at += part.length;
    const value = part.startsWith(".") ? part.slice(1) : part;
    return {
      kind: index === 0 && !part.startsWith(".") ? "word" : "key",
      text: part,
      value,
      start: from,
      end: at,
    };
  });
}

/** @param {string} text */
function unquoted(text) {
  return text.slice(1, -1).replace(/\\(.)/gsu, "$1");
}
