// @ts-check
// Values, in words.

const DIGITS = 4;

/**
 * Write a value of JSON as people read it: numbers with four digits, texts without quotes.
 *
 * @param {unknown} value
 * @returns {string} `""` for a value that is not there.
 */
export function short(value) {
  if (typeof value === "number") {
    return shortNumber(value);
  }
  if (typeof value === "string") {
    return value;
  }
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/**
 * @param {number} value
 * @returns {string}
 */
function shortNumber(value) {
  return Number.isInteger(value) && Math.abs(value) < 1e9
    ? String(value)
    : String(Number(value.toPrecision(DIGITS)));
}

const UNITS = /** @type {const} */ ([
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
]);

/**
 * Say how long ago a moment was, in the largest unit that has passed.
 *
 * @param {string | null} moment ISO 8601.
 * @param {number} [now] Milliseconds since 1970.
 * @returns {string} `""` where there is no moment.
 */
export function age(moment, now = Date.now()) {
  if (moment === null) {
    return "";
  }
  const seconds = Math.max(0, (now - Date.parse(moment)) / 1000);
  for (const [unit, length] of UNITS) {
    if (seconds >= length) {
      return `${Math.floor(seconds / length)} ${unit} ago`;
    }
  }
  return "now";
}
