// @ts-check
// The language of filters: `parameters.lr < 0.1 and name ~ "digits" and status = failed`, compiled
// to a condition of `search_runs`, which is a JSON path predicate of Postgres over the metadata.
//
//     filter     = and-part ("or" and-part)*
//     and-part   = factor ("and"? factor)*
//     factor     = "not" factor | "(" filter ")" | "has" path | path operator value
//                | path "in" "(" value ("," value)* ")" | word          (a text to search for)
//     path       = key ("." key | "[" number "]")*                      (a key may be in quotes)
//     operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"    (~: contains, in any case)

import { comparison, containing, either, joined, negated } from "./filter_conditions.js";
import { lex } from "./filter_tokens.js";

/** @typedef {import("./filter_conditions.js").Path} Path */
/** @typedef {import("./filter_tokens.js").Token} Token */
/**
 * What may follow at the end of an unfinished filter.
 *
 * @typedef {{kind: "path" | "operator" | "value" | "connective", path?: string}} Expectation
 */

export const OPERATORS = /** @type {const} */ ({
  "=": "is",
  "!=": "is not",
  "<": "less than",
  "<=": "at most",
  ">": "more than",
  ">=": "at least",
  "~": "contains",
  "!~": "does not contain",
  in: "is one of (…, …)",
});

/** What a run has besides its metadata. */
export const FIELDS = /** @type {const} */ ({
  name: "its name",
  status: "running, finished, failed, killed or silent",
  tags: "any of its tags",
  id: "its number",
  sweep: "the number of its sweep",
  created: "when it was made: 2026-11-25",
  age: "how long ago that was: 90min, 12h, 7d",
});

const LENGTHS = /** @type {Record<string, number>} */ ({
  s: 1,
  min: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
});
const DURATION = /^(\d+(?:\.\d+)?)(s|min|h|d|w)$/;

/** A filter that cannot be read. */
export class FilterError extends Error {
  /**
   * @param {string} message
   * @param {number} start Where it is wrong: from this place in the text …
   * @param {number} end … to this.
   * @param {Expectation | null} [expected] What could stand there, if it ends too early.
   */
  constructor(message, start, end, expected = null) {
    super(message);
    this.name = "FilterError";
    this.start = start;
    this.end = end;
    this.expected = expected;
  }
}

/**
 * Compile a filter.
 *
 * @param {string} text
 * @param {number} [now] Milliseconds since 1970; what `age` counts from.
 * @returns {string} A condition for `search_runs`; `""` for a filter that holds nothing.
 * @throws {FilterError} It cannot be read.
 */
export function compile(text, now = Date.now()) {
  const parser = new Parser(text, now);
  return parser.isDone() ? "" : parser.whole();
}

/**
 * Return what may follow after the text.
 *
 * @param {string} text
 * @returns {Expectation | null} null where nothing can mend it.
 */
export function expectedAfter(text) {
  try {
    return compile(text) === "" ? { kind: "path" } : { kind: "connective" };
  } catch (error) {
    if (error instanceof FilterError) {
      return error.expected;
    }
    throw error;
  }
}

class Parser {
  #tokens;
  #text;
  #now;
  #at = 0;

  /**
   * @param {string} text
   * @param {number} now
   */
  constructor(text, now) {
    this.#text = text;
    this.#now = now;
    this.#tokens = lex(text);
    const stray = this.#tokens.find((token) => token.kind === "open-quote");
    if (stray) {
      throw new FilterError("the quotation mark is not closed", stray.start, stray.end);
    }
  }

  isDone() {
    return this.#at >= this.#tokens.length;
  }

  /** @returns {string} */
  whole() {
    const condition = this.#or();
    const rest = this.#peek();
    if (rest) {
      throw this.#error(`this does not fit here: ${rest.text}`, rest);
    }
    return condition;
  }

  /** @returns {string} */
  #or() {
    const parts = [this.#and()];
    while (this.#takes("or")) {
      parts.push(this.#and());
    }
    return joined(parts, " || ");
  }

  /** @returns {string} */
  #and() {
    const parts = [this.#factor()];
    while (this.#takes("and") || this.#beginsFactor()) {
      parts.push(this.#factor());
    }
    return joined(parts, " && ");
  }

  #beginsFactor() {
    const token = this.#peek();
    return token !== undefined && token.text !== ")" && !isWord(token, "or");
  }

  /** @returns {string} */
  #factor() {
    if (this.#takes("not")) {
      return negated(this.#factor());
    }
    if (this.#takes("(")) {
      const inner = this.#or();
      this.#demand(")");
      return inner;
    }
    if (this.#takes("has")) {
      return either(this.#path(), (path) => `exists(${path})`);
    }
    return this.#comparison();
  }

  /** @returns {string} */
  #comparison() {
    const first = this.#need("path", "a name is missing");
    if (!["word", "string"].includes(first.kind)) {
      throw this.#error(`a name is expected, not ${first.text}`, first);
    }
    const start = this.#at;
    const path = this.#path();
    const operator = this.#operator();
    if (operator !== null) {
      return this.#compared(path, operator);
    }
    if (this.#at - start === 1) {
      return containing(first.value);
    }
    throw this.#after("an operator is missing, such as =, < or ~", {
      kind: "operator",
      path: path.text,
    });
  }

  /** @returns {string | null} */
  #operator() {
    const token = this.#peek();
    if (!token || !(token.kind === "operator" || isWord(token, "in"))) {
      return null;
    }
    this.#at += 1;
    const name = token.text.toLowerCase();
    return name === "==" ? "=" : name;
  }

  /**
   * @param {Path} path
   * @param {string} operator
   * @returns {string}
   */
  #compared(path, operator) {
    if (operator !== "in") {
      return comparison(path, operator, this.#value(path));
    }
    this.#demand("(");
    const parts = [comparison(path, "=", this.#value(path))];
    while (this.#takes(",")) {
      parts.push(comparison(path, "=", this.#value(path)));
    }
    this.#demand(")");
    return joined(parts, " || ");
  }

  /** @returns {Path} */
  #path() {
    const first = this.#need("path", "a name is missing");
    const start = first.start;
    this.#at += 1;
    /** @type {(string | number)[]} */
    const keys = [first.value];
    let end = first.end;
    for (let token = this.#peek(); token && token.start === end; token = this.#peek()) {
      if (token.kind !== "index" && token.kind !== "key") {
        break;
      }
      keys.push(token.kind === "index" ? Number(token.value) : token.value);
      end = token.end;
      this.#at += 1;
    }
    return { keys, text: this.#text.slice(start, end) };
  }

  /**
   * @param {Path} path
   * @returns {string | number | boolean | null}
   */
  #value(path) {
    const token = this.#need("value", "a value is missing", path.text);
    if (!["word", "string"].includes(token.kind)) {
      throw this.#error(`a value is expected, not ${token.text}`, token);
    }
    const text = this.#wholeWord();
    if (path.keys[0] === "age") {
      return this.#moment(token, text);
    }
    return token.kind === "string" ? text : literal(text);
  }

  /**
   * Take a word with all that hangs on it: in a value, a dot is as good as a letter.
   *
   * @returns {string}
   */
  #wholeWord() {
    const first = /** @type {Token} */ (this.#peek());
    this.#at += 1;
    if (first.kind === "string") {
      return first.value;
    }
    let end = first.end;
    for (
      let token = this.#peek();
      token?.start === end && token.kind === "key";
      token = this.#peek()
    ) {
      end = token.end;
      this.#at += 1;
    }
    return this.#text.slice(first.start, end);
  }

  /**
   * @param {Token} token
   * @param {string} text
   * @returns {string} The moment that was so long ago, as `created` is written.
   */
  #moment(token, text) {
    const [, count, unit = ""] = DURATION.exec(text) ?? [];
    if (count === undefined) {
      throw this.#error("an age is written like 90min, 12h or 7d", token);
    }
    const moment = this.#now - Number(count) * (LENGTHS[unit] ?? 1) * 1000;
    return new Date(moment).toISOString().slice(0, 19);
  }

  /** @returns {Token | undefined} */
  #peek() {
    return this.#tokens[this.#at];
  }

  /**
   * @param {string} text A keyword or a sign.
   * @returns {boolean}
   */
  #takes(text) {
    const token = this.#peek();
    const found =
      token !== undefined &&
      (isWord(token, text) || (token.kind === "sign" && token.text === text));
    this.#at += found ? 1 : 0;
    return found;
  }

  /** @param {string} sign */
  #demand(sign) {
    if (!this.#takes(sign)) {
      throw this.#after(`a ${sign} is missing`, sign === ")" ? { kind: "connective" } : null);
    }
  }

  /**
   * @param {"path" | "value"} kind
   * @param {string} problem
   * @param {string} [path]
   * @returns {Token}
   */
  #need(kind, problem, path) {
    const token = this.#peek();
    if (!token) {
      throw this.#after(problem, path === undefined ? { kind } : { kind, path });
    }
    return token;
  }

  /**
   * An error at the next token, or at the end of the text.
   *
   * @param {string} problem
   * @param {Expectation | null} expected
   */
  #after(problem, expected) {
    const token = this.#peek();
    const end = this.#text.length;
    return token
      ? new FilterError(problem, token.start, token.end)
      : new FilterError(`${problem} at the end`, end, end, expected);
  }

  /**
   * @param {string} problem
   * @param {Token} token
   */
  #error(problem, token) {
    return new FilterError(problem, token.start, token.end);
  }
}

/**
 * @param {Token} token
 * @param {string} word
 */
function isWord(token, word) {
  return token.kind === "word" && token.text.toLowerCase() === word;
}

/**
 * @param {string} text
 * @returns {string | number | boolean | null}
 */
function literal(text) {
  if (text === "true" || text === "false") {
    return text === "true";
  }
  if (text === "null") {
    return null;
  }
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text;
}
