// @ts-check
// The rows that runs log, live: each once, whoever writes them.

import { EVEN_ROWS, LAST_WITHOUT_WRITER, MARKS, ROWS, ROWS_WITHOUT_WRITER } from "./chart_operations.js";

/** @typedef {import("./graphql.js").Client} Client */
/**
 * A row as the API gives it.
 *
 * @typedef {object} Row
 * @property {number} id
 * @property {number} run_id
 * @property {number | null} writer_id
 * @property {number | null} seq Where in its writer's journal it ends.
 * @property {any} log
 */
/**
 * Who is told of rows.
 *
 * @typedef {object} RowListener
 * @property {(rows: Row[]) => void} onReset These rows, in the place of all from before.
 * @property {(rows: Row[]) => void} onAppend These rows too.
 * @property {(isSampled: boolean) => void} onSampled Whether the rows are an even sample.
 * @property {(error: unknown) => void} onError
 */
/**
 * A part of an axis.
 *
 * @typedef {object} Zoom
 * @property {string} field What the axis shows.
 * @property {number} from
 * @property {number} to
 */

// Above this many, charts become slow: they get a sample.
export const MOST_ROWS = 20_000;
// So many are enough to see what runs look like, and are there soon.
const OUTLINE_ROWS = 1_000;
const FEWEST_OF_A_RUN = 100;
const LARGEST_SAMPLE = 5_000_000;
const PAGE = 5_000;
// More conditions than these in one request make it slower than two.
const MOST_WRITERS = 50;
// A row without a writer can become visible after one with a larger id, by as much as its
// transaction lasts.
const LATE_MILLISECONDS = 10_000;
const MOST_LATE = 1_000;
const EVERYTHING = {};

/** Follows the rows of runs, from their first to those that are yet to come. */
export class RunRows {
  #client;
  #runIds;
  #listener;
  /** @type {(() => void)[]} */
  #ends = [];
  /** @type {Map<number, number>} The last seq of each writer that was read. */
  #read = new Map();
  /** @type {Map<number, number>} How far each writer was when it was read. */
  #asked = new Map();
  /** @type {Map<number, number>} How far each writer is. */
  #marks = new Map();
  #lastWithoutWriter = 0;
  /** @type {Set<number>} The ids of the rows without a writer that were read. */
  #seen = new Set();
  /** @type {{id: number, at: number}[]} The last of them, and when they were read. */
  #recent = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #lateTimer;
  /** @type {Row[]} */
  #rows = [];
  #isSampled = false;
  #isReading = false;
  #isAgain = false;
  #zooms = 0;
  /** @type {Zoom | null} */
  #zoom = null;
  #abort = new AbortController();

  /**
   * @param {Client} client
   * @param {number[]} runIds
   * @param {RowListener} listener
   */
  constructor(client, runIds, listener) {
    this.#client = client;
    this.#runIds = runIds;
    this.#listener = listener;
    void this.#guarded(() => this.#start());
  }

  /** End it: nobody is told anything any more. */
  end() {
    this.#abort.abort();
    this.#ends.forEach((end) => end());
    this.#ends = [];
  }

  /**
   * Read more of what lies between two places of an axis, where the rows are a sample.
   *
   * @param {Zoom | null} zoom Null shows all of it as before.
   */
  zoom(zoom) {
    this.#zooms += 1;
    this.#zoom = zoom;
    if (this.#isSampled) {
      void this.#guarded(() => this.#readZoomed());
    }
  }

  async #start() {
    if (await this.#sample(OUTLINE_ROWS)) {
      await this.#sample(MOST_ROWS);
    }
    await this.#keepZoom();
    this.#ends.push(
      this.#client.subscribe(
        MARKS,
        { run_ids: this.#runIds },
        ({ writer }) => this.#takeMarks(writer),
        this.#listener.onError,
      ),
    );
    const written = new Set(this.#rows.filter(({ writer_id }) => writer_id !== null).map(({ run_id }) => run_id));
    const unwritten = new Set(this.#rows.filter(({ writer_id }) => writer_id === null).map(({ run_id }) => run_id));
    const followed = this.#runIds.filter((id) => unwritten.has(id) || !written.has(id));
    if (followed.length > 0) {
      this.#followWithoutWriter(followed);
    }
  }

  /**
   * Read an even sample, which is all that there is of a run where it is less than was asked for.
   *
   * @param {number} most How many rows of all runs together.
   * @returns {Promise<boolean>} Whether it is a sample.
   */
  async #sample(most) {
    const limit = this.#rowsOfARun(most);
    const rows = await this.#evenRows(limit, EVERYTHING);
    /** @type {Map<number, number>} */
    const counts = new Map();
    this.#rows = [];
    this.#remember(rows);
    rows.forEach(({ run_id }) => counts.set(run_id, (counts.get(run_id) ?? 0) + 1));
    this.#isSampled = [...counts.values()].some((count) => count >= limit);
    if (this.#isSampled) {
      // What lies between the rows of a sample is left out, and not late.
      this.#recent = [];
    }
    this.#listener.onSampled(this.#isSampled);
    this.#listener.onReset(rows);
    return this.#isSampled;
  }

  /**
   * @param {number} limit
   * @param {object} where
   * @returns {Promise<Row[]>}
   */
  async #evenRows(limit, where) {
    const { run_log_sample: rows } = await this.#query(EVEN_ROWS, { run_ids: this.#runIds, max_rows: limit, where });
    return rows.map(asRow);
  }

  /** @param {number} most */
  #rowsOfARun(most) {
    return Math.max(FEWEST_OF_A_RUN, Math.floor(most / Math.max(1, this.#runIds.length)));
  }

  /** @param {{id: number, delivered: number | string}[]} writers */
  #takeMarks(writers) {
    writers.forEach(({ id, delivered }) => this.#marks.set(id, Number(delivered)));
    void this.#guarded(() => this.#readOn());
  }

  /** Read what lies beyond the rows that were read, one after the other. */
  async #readOn() {
    this.#isAgain = this.#isReading;
    if (this.#isReading) {
      return;
    }
    this.#isReading = true;
    try {
      do {
        this.#isAgain = false;
        const behind = [...this.#marks].filter(([writer, mark]) => this.#asked.get(writer) !== mark);
        for (let start = 0; start < behind.length; start += MOST_WRITERS) {
          await this.#readWriters(behind.slice(start, start + MOST_WRITERS));
        }
      } while (this.#isAgain);
    } finally {
      this.#isReading = false;
    }
    if (this.#rows.length > 2 * Math.max(MOST_ROWS, FEWEST_OF_A_RUN * this.#runIds.length)) {
      await this.#sample(MOST_ROWS);
      await this.#keepZoom();
    }
  }

  /** @param {[number, number][]} behind Writers, and how far they are. */
  async #readWriters(behind) {
    for (;;) {
      const where = {
        _or: behind.map(([writer]) => ({ writer_id: { _eq: writer }, seq: { _gt: this.#read.get(writer) ?? -1 } })),
      };
      const { run_log } = await this.#query(ROWS, { where, limit: PAGE });
      this.#append(run_log.map(asRow));
      if (run_log.length < PAGE) {
        break;
      }
    }
    behind.forEach(([writer, mark]) => this.#asked.set(writer, mark));
  }

  /** @param {number[]} runIds */
  #followWithoutWriter(runIds) {
    const read = () => void this.#guarded(() => this.#readWithoutWriter(runIds));
    this.#ends.push(
      this.#client.subscribe(
        LAST_WITHOUT_WRITER,
        { run_ids: runIds },
        () => {
          read();
          clearTimeout(this.#lateTimer);
          this.#lateTimer = setTimeout(read, LATE_MILLISECONDS);
        },
        this.#listener.onError,
      ),
      () => clearTimeout(this.#lateTimer),
    );
  }

  /** @param {number[]} runIds */
  async #readWithoutWriter(runIds) {
    let after = this.#beforeLateRows();
    for (;;) {
      const { run_log } = await this.#query(ROWS_WITHOUT_WRITER, { run_ids: runIds, after, limit: PAGE });
      /** @type {Row[]} */
      const rows = run_log.map(asRow);
      this.#append(rows.filter(({ id }) => !this.#seen.has(id)));
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) {
        break;
      }
      after = last.id;
    }
  }

  /** Return the id after which rows may still become visible. */
  #beforeLateRows() {
    const now = Date.now();
    this.#recent = this.#recent.filter(({ at }) => now - at < LATE_MILLISECONDS);
    return Math.min(this.#lastWithoutWriter, ...this.#recent.map(({ id }) => id - 1));
  }

  /** @param {Row[]} rows */
  #append(rows) {
    if (rows.length > 0) {
      this.#remember(rows);
      this.#listener.onAppend(rows);
    }
  }

  /** @param {Row[]} rows */
  #remember(rows) {
    const at = Date.now();
    for (const row of rows) {
      this.#rows.push(row);
      if (row.writer_id === null) {
        this.#lastWithoutWriter = Math.max(this.#lastWithoutWriter, row.id);
        this.#seen.add(row.id);
      } else {
        this.#read.set(row.writer_id, Math.max(this.#read.get(row.writer_id) ?? -1, row.seq ?? -1));
      }
    }
    const without = rows.filter(({ writer_id }) => writer_id === null).slice(-MOST_LATE);
    this.#recent.push(...without.map(({ id }) => ({ id, at })));
  }

  async #keepZoom() {
    if (this.#isSampled && this.#zoom) {
      await this.#readZoomed();
    }
  }

  async #readZoomed() {
    const [zoom, round] = [this.#zoom, this.#zooms];
    const within = zoom ? this.#rows.filter(({ log }) => isWithin(log, zoom)) : [];
    if (!zoom || within.length === 0) {
      this.#listener.onReset(this.#rows);
      return;
    }
    const ranges = rangesOf(within);
    const limit = Math.min(LARGEST_SAMPLE, Math.ceil((this.#rowsOfARun(MOST_ROWS) * this.#rows.length) / within.length));
    const where = {
      _or: [...ranges].map(([run, [from, to]]) => ({ run_id: { _eq: run }, id: { _gte: from, _lte: to } })),
    };
    const more = await this.#evenRows(limit, where);
    if (round === this.#zooms) {
      const isCovered = (/** @type {Row} */ { run_id, id }) => {
        const [from, to] = ranges.get(run_id) ?? [1, 0];
        return from <= id && id <= to;
      };
      this.#listener.onReset([...this.#rows.filter((row) => !isCovered(row)), ...more]);
    }
  }

  /**
   * @param {string} document
   * @param {Record<string, any>} variables
   */
  #query(document, variables) {
    return this.#client.query(document, variables, { signal: this.#abort.signal });
  }

  /** @param {() => Promise<void>} act */
  async #guarded(act) {
    try {
      await act();
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        this.#listener.onError(error);
      }
    }
  }
}

/**
 * Return a row with numbers where a server may send texts: it can be told to, for large integers.
 *
 * @param {any} row
 * @returns {Row}
 */
function asRow(row) {
  return { ...row, id: Number(row.id), seq: row.seq === null ? null : Number(row.seq) };
}

/**
 * @param {any} log
 * @param {Zoom} zoom
 */
function isWithin(log, { field, from, to }) {
  const value = log?.[field];
  return typeof value === "number" && from <= value && value <= to;
}

/**
 * Return from which row to which the rows of each run reach.
 *
 * @param {Row[]} rows
 * @returns {Map<number, [number, number]>}
 */
function rangesOf(rows) {
  /** @type {Map<number, [number, number]>} */
  const ranges = new Map();
  for (const { run_id, id } of rows) {
    const range = ranges.get(run_id);
    ranges.set(run_id, range ? [Math.min(range[0], id), Math.max(range[1], id)] : [id, id]);
  }
  return ranges;
}
