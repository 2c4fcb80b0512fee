// The phone: shows one resident's talk, sends what the person does, follows the news.

import { dayOf, drawDay, drawLoading, drawRow } from "./bubbles.js";
import { el } from "./dom.js";
import { showPeople } from "./people.js";

const byId = (id) => document.getElementById(id);
const userId = /^\/phone\/(U[0-9a-f]{32})$/.exec(location.pathname)?.[1] || null;
const REASONS = {
  blocked: "ブロック中は送れません。",
  already_friend: "もう友だちです。",
  not_a_friend: "まだ友だちではありません。",
  not_blocked: "ブロックしていません。",
  nothing_to_unsend: "取り消せる送信がありません。",
  not_offered: "この選択肢はもう使えません。",
  value_needed: "日時を選んでください。",
  value_out_of_range: "選べる範囲の外です。",
};

let state = null;
const drawn = new Map();
let loadingTimer = 0;

async function post(action, body = {}) {
  const answer = await fetch(`/sandbox/residents/${userId}/${action}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) {
    toast(REASONS[result.error] || `できませんでした(${result.error})。`);
    return null;
  }
  return result;
}

function toast(words) {
  const note = byId("toast");
  note.textContent = words;
  note.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { note.hidden = true; }, 3200);
}

// A LIFF address opens in the talk's place, everything else beside it.
function open(uri) {
  for (const base of state.liffBases) {
    if (uri === base || uri.startsWith(`${base}/`) || uri.startsWith(`${base}?`)) {
      const liffId = base.slice(base.lastIndexOf("/") + 1);
      location.href = `/liff/${liffId}${uri.slice(base.length)}`;
      return;
    }
  }
  if (/^tel:/.test(uri)) toast(`電話をかけます: ${decodeURIComponent(uri.slice(4))}`);
  else if (/^https?:/.test(uri)) window.open(uri, "_blank", "noopener,noreferrer");
  else toast("この宛先はサンドボックスでは開けません。");
}

async function tap(entry, action) {
  if (action.type === "uri" || action.uri) {
    post("followed", { messageId: entry.id, uri: action.uri });  // LINE counts it, too
    open(action.uri);
    return;
  }
  const wanted = { messageId: entry.id, type: action.type, label: action.label, data: action.data, text: action.text,
    clipboardText: action.clipboardText };
  if (action.type === "datetimepicker") {
    wanted.value = await pickDate(action);
    if (!wanted.value) return;
  }
  const result = await post("tap", wanted);
  if (!result || !result.opens) return;
  if (result.opens.uri) open(result.opens.uri);
  if (result.opens.clipboard) {
    await navigator.clipboard?.writeText(result.opens.clipboard).catch(() => {});
    toast("コピーしました。");
  }
  if (result.opens.keyboard) { byId("words").value = result.opens.keyboard; byId("words").focus(); }
  if (result.opens.tool) useTool(result.opens.tool);
}

function ask(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true }));
}

async function pickDate(action) {
  const input = byId("picker-value");
  input.type = { date: "date", time: "time", datetime: "datetime-local" }[action.mode];
  for (const name of ["min", "max"]) input[name] = (action[name] || "").replace("t", "T");
  input.value = (action.initial || "").replace("t", "T");
  input.required = true;
  byId("picker-title").textContent = action.label || "日時を選ぶ";
  return (await ask(byId("picker"))) ? input.value.slice(0, 16) : null;
}

function enlarge(path) {
  byId("viewer-image").src = path;
  byId("viewer").showModal();
}

const tools = { tap, open, enlarge };

function render() {
  const talk = byId("talk");
  const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
  const grown = state.messages.length && !drawn.has(state.messages[state.messages.length - 1].id);
  const nodes = [];
  let day = "";
  let before = null;
  for (const entry of state.messages) {
    if (dayOf(entry.time) !== day) {
      day = dayOf(entry.time);
      nodes.push(drawDay(entry.time, state.now));
      before = null;
    }
    const follows = before !== null && before.who === entry.who && entry.who === "account";
    const mark = JSON.stringify([entry, follows, state.account]);
    let held = drawn.get(entry.id);
    if (!held || held.mark !== mark) {
      held = { mark, node: drawRow(entry, state, follows, tools) };
      drawn.set(entry.id, held);
    }
    nodes.push(held.node);
    before = entry;
  }
  if (!state.messages.length) nodes.push(el("p", { class: "notice" }, "まだメッセージはありません"));
  if (state.loading) nodes.push(drawLoading());
  arrange(talk, nodes);
  if (atEnd || grown) talk.scrollTop = talk.scrollHeight;
}

// Moves only what changed: a carousel that is already shown keeps its place.
function arrange(parent, nodes) {
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] || null);
  });
  while (parent.children.length > nodes.length) parent.lastElementChild.remove();
}

function renderChips() {
  const last = state.messages[state.messages.length - 1];
  const chips = byId("chips");
  const items = last && last.quickReplyShown && !state.blocked ? last.quickReply.items : [];
  chips.hidden = !items.length;
  chips.replaceChildren(...items.map((item) => {
    const held = item.imageUrl && last.media.find((each) => each.url === item.imageUrl && each.state === "fetched");
    return el("button", { type: "button", on: { click: () => tap(last, item.action) } },
      held ? el("img", { src: held.path, alt: "" }) : null, item.action.label || "");
  }));
}

function renderFrame() {
  byId("account").textContent = state.account;
  byId("holder").textContent = `${state.displayName} さんの電話`;
  document.title = `${state.account} | ${state.displayName} さんの電話`;
  const strip = byId("strip");
  strip.hidden = state.friend;
  const words = state.blocked ? "このアカウントをブロックしています。" : "まだ友だちではありません。";
  const [action, label] = state.blocked ? ["unblock", "ブロック解除"] : ["follow", "友だち追加"];
  strip.replaceChildren(el("span", {}, words), el("button", { type: "button", on: { click: () => post(action) } }, label));
  byId("words").disabled = state.blocked;
  const usable = { follow: !state.friend && !state.blocked, block: state.friend, unblock: state.blocked, unsend: true };
  for (const button of byId("menu").querySelectorAll("button")) button.disabled = !usable[button.dataset.act];
}

// One request at a time; news during it leads to one more.
let loading = false;
let again = false;
async function load() {
  if (loading) { again = true; return; }
  loading = true;
  try {
    do {
      again = false;
      const answer = await fetch(`/phone/api/${userId}/talk`);
      if (answer.status === 404) { location.href = "/phone"; return; }
      state = await answer.json();
      renderFrame();
      renderChips();
      render();
      clearTimeout(loadingTimer);
      if (state.loading) loadingTimer = setTimeout(load, state.loadingSeconds * 1000 + 50);
    } while (again);
  } finally {
    loading = false;
  }
}

async function sendFile(file) {
  const answer = await fetch(`/sandbox/residents/${userId}/photo?name=${encodeURIComponent(file.name)}`, {
    method: "POST", headers: { "content-type": file.type || "application/octet-stream" }, body: file,
  });
  if (!answer.ok) toast(REASONS[(await answer.json()).error] || "送れませんでした。");
}

async function useTool(tool) {
  byId("tools").hidden = true;
  byId("plus").setAttribute("aria-expanded", "false");
  if (tool === "camera") await post("photo");
  if (tool === "cameraRoll") byId("file").click();
  if (tool === "sticker") await post("sticker", { keywords: ["ありがとう"] });
  if (tool === "location" && (await ask(byId("place")))) {
    await post("position", { lat: Number(byId("place-lat").value), lon: Number(byId("place-lon").value),
      title: byId("place-title-value").value, address: byId("place-address").value });
  }
}

function toggle(button, panel) {
  panel.hidden = !panel.hidden;
  button.setAttribute("aria-expanded", String(!panel.hidden));
}

function wire() {
  const words = byId("words");
  byId("composer").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = words.value;
    if (!text.trim()) return;
    if (await post("say", { text })) { words.value = ""; words.style.height = ""; }
  });
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("composer").requestSubmit();
    }
  });
  words.addEventListener("input", () => {
    words.style.height = "auto";
    words.style.height = `${Math.min(words.scrollHeight + 2, 120)}px`;
  });
  byId("menu-button").addEventListener("click", () => toggle(byId("menu-button"), byId("menu")));
  byId("plus").addEventListener("click", () => toggle(byId("plus"), byId("tools")));
  byId("menu").addEventListener("click", (event) => {
    const act = event.target.dataset.act;
    if (act) { toggle(byId("menu-button"), byId("menu")); post(act); }
  });
  byId("tools").addEventListener("click", (event) => {
    if (event.target.dataset.tool) useTool(event.target.dataset.tool);
  });
  byId("file").addEventListener("change", (event) => {
    if (event.target.files[0]) sendFile(event.target.files[0]);
    event.target.value = "";
  });
  // Pictures arrive after their bubble and push it out of sight.
  byId("talk").addEventListener("load", () => {
    const talk = byId("talk");
    if (talk.scrollHeight - talk.scrollTop - talk.clientHeight < 420) talk.scrollTop = talk.scrollHeight;
  }, true);
}

async function start() {
  document.body.classList.toggle("holding", Boolean(userId));
  byId("empty").hidden = Boolean(userId);
  const people = showPeople(userId);
  if (userId) {
    byId("device").hidden = false;
    wire();
    await load();
    const news = new EventSource(`/phone/api/${userId}/stream`);
    news.onmessage = () => load();
    await new Promise((resolve) => { news.addEventListener("open", resolve, { once: true }); });
  }
  await people;
  await document.fonts.ready;
  document.body.dataset.ready = "true";
}

start();
