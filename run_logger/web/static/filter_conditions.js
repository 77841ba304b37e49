// @ts-check
// What filters are compiled to: conditions of `search_runs`, which are JSON path predicates of
// Postgres over the metadata, with `$id`, `$sweep`, `$status` and `$created` beside them.

/**
 * A path as it was typed.
 *
 * @typedef {{keys: (string | number)[], text: string}} Path
 */

/**
 * Return the JSON paths that a path stands for: one, or two where it says not whether it is a
 * parameter.
 *
 * @param {Path} path
 * @returns {string[]}
 */
function places({ keys }) {
  const [first = "", ...rest] = keys;
  switch (first) {
    case "id":
    case "sweep":
    case "status":
    case "created":
      return rest.length === 0 ? [`$${first}`] : anywhere(keys);
    case "age":
      return ["$created"];
    case "metadata":
      return [steps(rest)];
    case "name":
    case "tags":
    case "parameters":
      return [steps(keys)];
    default:
      return anywhere(keys);
  }
}

/** @param {(string | number)[]} keys */
function anywhere(keys) {
  return [steps(["parameters", ...keys]), steps(keys)];
}

/** @param {(string | number)[]} keys */
function steps(keys) {
  return `$${keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${JSON.stringify(key)}`)).join("")}`;
}

/**
 * @param {Path} path
 * @param {(place: string) => string} condition
 * @returns {string}
 */
export function either(path, condition) {
  return joined(places(path).map(condition), " || ");
}

/**
 * @param {Path} path
 * @param {string} operator
 * @param {string | number | boolean | null} value
 * @returns {string}
 */
export function comparison(path, operator, value) {
  if (operator.startsWith("!")) {
    return negated(comparison(path, operator.slice(1), value));
  }
  if (operator === "~") {
    return either(path, (place) => contains(place, String(value)));
  }
  if (path.keys[0] === "created" && operator === "=") {
    return `$created starts with ${JSON.stringify(String(value))}`;
  }
  const sign = operator === "=" ? "==" : operator;
  // What was made later is younger.
  const turned =
    path.keys[0] === "age" ? sign.replace(/[<>]/, (found) => (found === "<" ? ">" : "<")) : sign;
  return either(path, (place) => `${place} ${turned} ${JSON.stringify(value)}`);
}

/**
 * @param {string} text
 * @returns {string}
 */
export function containing(text) {
  const found = [".name", ".note", ".tags", ".parameters.**"].map((place) =>
    contains(`$${place}`, text),
  );
  return joined(/^\d{1,9}$/.test(text) ? [...found, `$id == ${Number(text)}`] : found, " || ");
}

/**
 * @param {string} place
 * @param {string} text
 */
function contains(place, text) {
  // i: in any case; q: the text as it stands, no pattern.
  return `${place} like_regex ${JSON.stringify(text)} flag "iq"`;
}

/** @param {string} condition */
export function negated(condition) {
  // A comparison of a text with a number is neither true nor false.
  return `(!(${condition}) || (${condition}) is unknown)`;
}

/**
 * @param {string[]} conditions
 * @param {" && " | " || "} operator
 */
export function joined(conditions, operator) {
  return conditions.length === 1 ? (conditions[0] ?? "") : `(${conditions.join(operator)})`;
}
