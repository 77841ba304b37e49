// @ts-check
// The page, put together: the list on one side, views of the chosen runs on the other.

import { blobs } from "./blobs.js";
import { charts } from "./charts.js";
import { followChosen } from "./chosen.js";
import { compare } from "./compare.js";
import { byId, replace, setText } from "./dom.js";
import { editor } from "./editor.js";
import { Client } from "./graphql.js";
import { headPane } from "./head.js";
import { listPane } from "./list.js";
import { Messages } from "./messages.js";
import { State } from "./state.js";
import { tabBar } from "./tabs.js";
import { theme, toggle } from "./theme.js";
import { welcome } from "./welcome.js";

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Context} Context */

/** The tabs of the main pane, in order. @type {Record<string, {label: string, view: View}>} */
const VIEWS = {
  charts: { label: "Charts", view: charts },
  compare: { label: "Compare", view: compare },
  blobs: { label: "Files", view: blobs },
  editor: { label: "Edit charts", view: editor },
};

const client = new Client(new URL("v1/graphql", document.baseURI));
const state = new State();
const messages = new Messages();
/** @type {Context} */
const context = { client, state, messages, theme, chosen: followChosen(client, state, messages) };

listPane(byId("list"), context, () => showPane("main"));
welcome(context);
headPane(byId("head"), context, () => showPane("list"));
tabBar(
  byId("tabs"),
  Object.entries(VIEWS).map(([tab, { label }]) => ({
    label,
    change: { tab },
    isCurrent: (now) => now.tab === tab,
  })),
  state,
);
byId("theme").addEventListener("click", toggle);
showPane(state.get().runs.length > 0 ? "main" : "list");
followConnection();
followTab();

/**
 * Say which pane small screens show; large ones have room for both.
 *
 * @param {"list" | "main"} pane
 */
function showPane(pane) {
  document.body.dataset.pane = pane;
}

function followConnection() {
  const place = byId("connection");
  client.connection.follow((connection) => {
    place.dataset.state = connection;
    setText(place, connection === "connected" ? "Live" : "Connecting…");
  });
}

function followTab() {
  const container = byId("view");
  let leave = () => {};
  state.follow(
    ({ tab }) => tab,
    (tab) => {
      leave();
      replace(container);
      leave = (VIEWS[tab] ?? /** @type {{view: View}} */ (VIEWS.charts)).view(container, context);
    },
  );
}
