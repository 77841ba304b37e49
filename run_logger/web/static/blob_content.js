// @ts-check
// The content of a stored file: what it is, and how it is shown.

import { element } from "./dom.js";
import { isObject } from "./runs.js";

const MOST_TEXT = 200_000;

/** Media types by the end of a name. @type {Record<string, string>} */
const TYPES = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  txt: "text/plain",
  log: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  json: "text/json",
  jsonl: "text/json",
  yaml: "text/yaml",
  yml: "text/yaml",
  py: "text/x-python",
};

// How files begin whose metadata say nothing.
const MAGIC = /** @type {const} */ ([
  ["image/png", [0x89, 0x50, 0x4e, 0x47]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/gif", [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", [0x52, 0x49, 0x46, 0x46]],
]);

/**
 * Return the media type that metadata or a name tell of.
 *
 * @param {unknown} metadata
 * @param {string} name
 * @returns {string} `""` where nothing tells.
 */
export function typeOf(metadata, name) {
  const { type } = isObject(metadata) ? metadata : /** @type {any} */ ({});
  if (typeof type === "string" && /^[\w.+-]+\/[\w.+-]+/.test(type)) {
    return type.replace("application/json", "text/json");
  }
  const ending = name.toLowerCase().split(".").at(-1) ?? "";
  return TYPES[ending] ?? "";
}

/**
 * Read Postgres's hex form of bytea: `\x` and two digits a byte.
 *
 * @param {string} hex
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromHex(hex) {
  const bytes = new Uint8Array((hex.length - 2) / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(hex.slice(2 * index + 2, 2 * index + 4), 16);
  }
  return bytes;
}

/**
 * Show what a file holds: an image as an image, text as text, of all else the size. An image runs
 * no script, whatever it holds.
 *
 * @param {Blob} content
 * @returns {Promise<HTMLElement>}
 */
export async function contentOf(content) {
  const type = content.type || (await sniff(content));
  if (type.startsWith("image/")) {
    const image = element("img", { alt: "The stored image" });
    image.onload = () => URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(new Blob([content], { type }));
    return image;
  }
  if (type.startsWith("text/")) {
    return element("pre", { tabindex: 0 }, await textOf(content));
  }
  return element(
    "p",
    { class: "muted" },
    `${content.size.toLocaleString()} bytes that are neither text nor an image.`,
  );
}

/**
 * @param {Blob} content
 * @returns {Promise<string>}
 */
async function textOf(content) {
  const text = await content.slice(0, MOST_TEXT).text();
  const rest = content.size - MOST_TEXT;
  return rest > 0 ? `${text}\n… and ${rest.toLocaleString()} bytes more` : text;
}

/**
 * @param {Blob} content
 * @returns {Promise<string>}
 */
async function sniff(content) {
  const head = new Uint8Array(await content.slice(0, 4096).arrayBuffer());
  const image = MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte));
  if (image) {
    return image[0];
  }
  try {
    // At the cut, a letter may be cut too: that is no fault.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return text.includes("\0") ? "" : "text/plain";
  } catch {
    return "";
  }
}
