// @ts-check
// The API: queries and mutations over HTTP, subscriptions over one websocket
// (graphql-transport-ws) that comes back by itself.

import { Observable } from "./events.js";
import { ask, headers } from "./session.js";

/** @typedef {Record<string, any>} Variables */
/** @typedef {"connecting" | "connected" | "waiting"} ConnectionState */
/**
 * @typedef {object} Subscription
 * @property {string} document
 * @property {Variables} variables
 * @property {(data: any) => void} onData
 * @property {(error: Error) => void} onError
 */

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5_000;
// The server sends a sign of life every five seconds.
const SILENCE = 20_000;
const FORBIDDEN = 4403;

/** What the server says is wrong with a request. */
export class GraphQLError extends Error {
  /**
   * @param {string} message
   * @param {string} code One of Hasura's error codes: `validation-failed`, `access-denied`, ….
   * @param {string} path Where in the request.
   */
  constructor(message, code, path) {
    super(message);
    this.name = "GraphQLError";
    this.code = code;
    this.path = path;
  }
}

/** The server cannot be reached, or something between us and it answers in its place. */
export class UnreachableError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "UnreachableError";
  }
}

/** A client of one GraphQL endpoint. */
export class Client {
  #url;
  #socket;

  /** @param {URL} url */
  constructor(url) {
    this.#url = url;
    this.#socket = new Socket(url);
  }

  /**
   * How the websocket is: `connected`, `connecting`, or `waiting` to try again.
   *
   * @returns {Observable<ConnectionState>}
   */
  get connection() {
    return this.#socket.state;
  }

  /**
   * Ask until the server answers: an outage delays a query, and does not fail it.
   *
   * @param {string} document
   * @param {Variables} [variables]
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<any>} The data.
   * @throws {GraphQLError} The server refuses it.
   * @throws {DOMException} `signal` was aborted.
   */
  async query(document, variables = {}, { signal } = {}) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#send(document, variables, signal);
      } catch (error) {
        if (!(error instanceof UnreachableError)) {
          throw error;
        }
      }
      await pause(delay(attempt), signal);
    }
  }

  /**
   * Change something, once.
   *
   * @param {string} document
   * @param {Variables} [variables]
   * @returns {Promise<any>} The data.
   * @throws {GraphQLError} The server refuses it.
   * @throws {UnreachableError} There was no answer; it may have been done or not.
   */
  mutate(document, variables = {}) {
    return this.#send(document, variables);
  }

  /**
   * Follow a live query. After a lost connection the newest result comes again.
   *
   * @param {string} document
   * @param {Variables} variables
   * @param {(data: any) => void} onData
   * @param {(error: Error) => void} onError
   * @returns {() => void} Ends it.
   */
  subscribe(document, variables, onData, onError) {
    return this.#socket.subscribe({ document, variables, onData, onError });
  }

  /**
   * @param {string} document
   * @param {Variables} variables
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  async #send(document, variables, signal) {
    for (;;) {
      const sent = headers();
      const answer = await post(this.#url, { query: document, variables }, sent, signal);
      if (!answer.errors) {
        return answer.data;
      }
      const error = asError(answer.errors[0]);
      if (error.code !== "access-denied") {
        throw error;
      }
      await ask(sent);
    }
  }
}

/** The websocket, with all that is followed over it. */
class Socket {
  /** @type {Observable<ConnectionState>} */
  state = new Observable(/** @type {ConnectionState} */ ("connecting"));
  /** @type {Map<string, Subscription>} */
  #subscriptions = new Map();
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Record<string, string>} */
  #sent = {};
  #url;
  #next = 0;
  #attempt = 0;
  #heard = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {URL} url */
  constructor(url) {
    this.#url = new URL(url);
    this.#url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
    setInterval(() => this.#check(), SILENCE / 4);
  }

  /**
   * @param {Subscription} subscription
   * @returns {() => void}
   */
  subscribe(subscription) {
    const id = String((this.#next += 1));
    this.#subscriptions.set(id, subscription);
    if (!this.#socket && this.#timer === undefined) {
      this.#connect();
    } else if (this.state.get() === "connected") {
      this.#start(id, subscription);
    }
    return () => this.#stop(id);
  }

  /** @param {string} id */
  #stop(id) {
    if (this.#subscriptions.delete(id) && this.state.get() === "connected") {
      this.#send({ type: "complete", id });
    }
  }

  #connect() {
    this.#timer = undefined;
    this.#heard = Date.now();
    this.state.set("connecting");
    const socket = new WebSocket(this.#url, "graphql-transport-ws");
    this.#socket?.close();
    this.#socket = socket;
    socket.onopen = () => {
      this.#sent = headers();
      this.#send({ type: "connection_init", payload: { headers: this.#sent } });
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket) {
        this.#receive(JSON.parse(event.data));
      }
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) {
        void this.#closed(event.code);
      }
    };
  }

  /** @param {number} code */
  async #closed(code) {
    this.#socket = null;
    this.state.set("waiting");
    if (code === FORBIDDEN) {
      // Set, so that nobody else connects while the user is asked.
      this.#timer = setTimeout(() => {});
      await ask(this.#sent);
      this.#connect();
      return;
    }
    this.#timer = setTimeout(() => this.#connect(), delay(this.#attempt));
    this.#attempt += 1;
  }

  /** Try now, where there is a wait, since the outlook has changed. */
  #hurry() {
    if (this.#timer !== undefined && this.#attempt > 0 && !document.hidden) {
      clearTimeout(this.#timer);
      this.#connect();
    }
  }

  /** Give up a connection over which nothing comes any more. */
  #check() {
    if (this.#socket && Date.now() - this.#heard > SILENCE) {
      const dead = this.#socket;
      this.#socket = null;
      dead.close();
      void this.#closed(1006);
    }
  }

  /** @param {any} message */
  #receive(message) {
    this.#heard = Date.now();
    switch (message.type) {
      case "connection_ack":
        this.#attempt = 0;
        this.state.set("connected");
        this.#subscriptions.forEach((subscription, id) => this.#start(id, subscription));
        break;
      case "ping":
        this.#send({ type: "pong" });
        break;
      case "next":
        this.#deliver(message.id, message.payload);
        break;
      case "error":
        this.#fail(message.id, message.payload);
        break;
    }
  }

  /**
   * @param {string} id
   * @param {{data: any, errors?: any[]}} payload
   */
  #deliver(id, payload) {
    const subscription = this.#subscriptions.get(id);
    if (payload.errors) {
      subscription?.onError(asError(payload.errors[0]));
    } else {
      subscription?.onData(payload.data);
    }
  }

  /**
   * @param {string} id
   * @param {any[]} errors
   */
  #fail(id, errors) {
    const subscription = this.#subscriptions.get(id);
    this.#subscriptions.delete(id);
    subscription?.onError(asError(errors[0]));
  }

  /**
   * @param {string} id
   * @param {Subscription} subscription
   */
  #start(id, { document: query, variables }) {
    this.#send({ type: "subscribe", id, payload: { query, variables } });
  }

  /** @param {any} message */
  #send(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}

/**
 * @param {URL} url
 * @param {{query: string, variables: Variables}} body
 * @param {Record<string, string>} identity
 * @param {AbortSignal} [signal]
 * @returns {Promise<{data?: any, errors?: any[]}>}
 */
async function post(url, body, identity, signal) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...identity },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
    const answer = await response.json();
    // Hasura answers 200 whatever is wrong with a request; all else comes from in between.
    if (response.status >= 500 || (answer.data === undefined && !Array.isArray(answer.errors))) {
      const reason = answer.errors?.[0]?.message ?? `the server answered ${response.status}`;
      throw new UnreachableError(reason);
    }
    return answer;
  } catch (error) {
    signal?.throwIfAborted();
    // `fetch` and `json` tell in no other way that there was no answer.
    throw error instanceof UnreachableError ? error : new UnreachableError(String(error));
  }
}

/**
 * @param {any} error
 * @returns {GraphQLError}
 */
function asError(error) {
  const { code = "unexpected", path = "$" } = error?.extensions ?? {};
  return new GraphQLError(error?.message ?? "an error without a message", code, path);
}

/**
 * Return how long to wait before the next attempt, in milliseconds.
 *
 * @param {number} attempt
 * @returns {number}
 */
function delay(attempt) {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.75 + Math.random() / 2);
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
