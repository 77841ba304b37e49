// @ts-check
// What may be typed next into a filter.

import { FIELDS, OPERATORS, expectedAfter } from "./filter.js";
import { isObject } from "./runs.js";
import { short } from "./values.js";

/**
 * @typedef {object} Suggestion
 * @property {string} text What it puts in.
 * @property {string} hint What that means.
 */
/**
 * @typedef {object} Completion
 * @property {number} start Where what is typed already begins: a suggestion takes its place.
 * @property {Suggestion[]} suggestions
 */

const STATUSES = ["running", "finished", "failed", "killed", "silent"];
const MOST_SUGGESTIONS = 40;
const MOST_VALUES = 20;
const DEPTH = 4;

/** The paths of metadata that were seen, with some of their values. */
export class Vocabulary {
  /** @type {Map<string, Set<string>>} */
  #values = new Map([...Object.keys(FIELDS), "note"].map((field) => [field, new Set()]));

  constructor() {
    STATUSES.forEach((status) => this.#add("status", status));
  }

  /**
   * Take note of what a metadata holds.
   *
   * @param {unknown} metadata
   */
  learn(metadata) {
    this.#walk(metadata, []);
  }

  /** @returns {string[]} */
  get paths() {
    return [...this.#values.keys()];
  }

  /**
   * @param {string} path
   * @returns {string[]}
   */
  valuesOf(path) {
    const places = [path, `parameters.${path}`, `metadata.${path}`];
    const values = new Set(places.flatMap((place) => [...(this.#values.get(place) ?? [])]));
    return [...values].sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  }

  /**
   * @param {unknown} value
   * @param {string[]} keys
   */
  #walk(value, keys) {
    if (isObject(value) && keys.length < DEPTH) {
      for (const [key, member] of Object.entries(value)) {
        this.#walk(member, [...keys, key]);
      }
    } else if (keys.length > 0) {
      const isField = keys.length === 1 && (keys[0] ?? "") in FIELDS;
      const path = keys.map(asKey).join(".");
      const place = isField || keys[0] === "parameters" ? path : `metadata.${path}`;
      (Array.isArray(value) ? value : [value]).forEach((item) => this.#add(place, item));
    }
  }

  /**
   * @param {string} path
   * @param {unknown} value
   */
  #add(path, value) {
    const values = this.#values.get(path) ?? new Set();
    this.#values.set(path, values);
    if (values.size < MOST_VALUES && value !== null && typeof value !== "object") {
      values.add(typeof value === "string" ? asValue(value) : short(value));
    }
  }
}

/**
 * Return what may be typed next.
 *
 * @param {string} text The filter up to the cursor.
 * @param {Vocabulary} vocabulary
 * @returns {Completion}
 */
export function complete(text, vocabulary) {
  const start = text.length - (/[^\s()"',=<>!~]*$/.exec(text)?.[0].length ?? 0);
  const typed = text.slice(start).toLowerCase();
  const suggestions = possible(text.slice(0, start), vocabulary)
    .filter(
      ({ text: offered }) => offered.toLowerCase().includes(typed) && offered !== text.slice(start),
    )
    .sort(
      (one, other) =>
        Number(other.text.toLowerCase().startsWith(typed)) -
        Number(one.text.toLowerCase().startsWith(typed)),
    );
  return { start, suggestions: suggestions.slice(0, MOST_SUGGESTIONS) };
}

/**
 * Tell whether a filter ends in a word that may be the beginning of a path: as it stands it would be
 * searched for as a text.
 *
 * @param {string} text
 * @param {Vocabulary} vocabulary
 * @returns {boolean}
 */
export function mayGoOn(text, vocabulary) {
  const [, sign, word = ""] = /([=<>~]|)\s*([^\s()=<>!~]+)\s*$/.exec(text) ?? [];
  const isBegun = (/** @type {string} */ path) =>
    [path, path.replace(/^(parameters|metadata)\./, "")].some((name) => name.startsWith(word));
  return sign === "" && word !== "" && vocabulary.paths.some(isBegun);
}

/**
 * @param {string} before
 * @param {Vocabulary} vocabulary
 * @returns {Suggestion[]}
 */
function possible(before, vocabulary) {
  const expected = expectedAfter(before);
  switch (expected?.kind) {
    case "path":
      return vocabulary.paths.map((path) => ({
        text: path,
        hint: FIELDS[/** @type {keyof typeof FIELDS} */ (path)] ?? "",
      }));
    case "operator":
      return operators();
    case "value":
      return vocabulary.valuesOf(expected.path ?? "").map((value) => ({ text: value, hint: "" }));
    case "connective":
      return endsInPath(before, vocabulary)
        ? operators()
        : [
            { text: "and", hint: "" },
            { text: "or", hint: "" },
          ];
    default:
      return [];
  }
}

function operators() {
  return Object.entries(OPERATORS).map(([text, hint]) => ({ text, hint }));
}

/**
 * Tell whether a filter ends in a word that stands for itself, and is a path too.
 *
 * @param {string} before
 * @param {Vocabulary} vocabulary
 * @returns {boolean}
 */
function endsInPath(before, vocabulary) {
  const [, sign, word = ""] = /([=<>~]|)\s*([^\s()=<>!~]+)\s+$/.exec(before) ?? [];
  return (
    sign === "" &&
    vocabulary.paths.some((path) => [word, `parameters.${word}`, `metadata.${word}`].includes(path))
  );
}

/** @param {string} key */
function asKey(key) {
  return /^[^\s()[\],"'=!<>~.]+$/.test(key) ? key : JSON.stringify(key);
}

/** @param {string} value */
function asValue(value) {
  return /^[\p{L}_/][^\s()[\],"'=!<>~]*$/u.test(value) ? value : JSON.stringify(value);
}
