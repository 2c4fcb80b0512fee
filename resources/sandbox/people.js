// The list at the left: choose a resident or make one.

import { el } from "./dom.js";

const SHOWN = 100;

function stateOf(person) {
  if (person.blocked) return "ブロック中";
  return person.friend ? `友だち・${person.messages}件` : "友だちではない";
}

function row(person, current, next) {
  const href = `/phone/${person.userId}${next ? `?next=${encodeURIComponent(next)}` : ""}`;
  return el("li", {}, el("a", { href, "aria-current": person.userId === current ? "page" : null },
    el("span", { class: "face", "aria-hidden": "true" }, [...person.displayName][0]),
    el("span", { class: "person-text" }, el("span", { class: "person-name" }, person.displayName),
      el("span", { class: "person-state" }, stateOf(person)))));
}

export async function showPeople(current) {
  const next = new URLSearchParams(location.search).get("next") || "";
  const find = document.getElementById("find");
  let asked = 0;

  async function list() {
    const turn = ++asked;
    const query = new URLSearchParams({ limit: String(SHOWN), q: find.value.trim() });
    const body = await (await fetch(`/sandbox/residents?${query}`)).json();
    if (turn !== asked) return;
    document.getElementById("people-list").replaceChildren(...body.residents.map((person) => row(person, current, next)));
    const more = body.total - body.residents.length;
    document.getElementById("people-note").textContent = body.total === 0
      ? "まだ誰もいません。上の欄で住民をつくってください。"
      : more > 0 ? `ほかに${more.toLocaleString("ja-JP")}人。氏名でさがせます。` : "";
  }

  find.addEventListener("input", list);
  document.getElementById("make").addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = document.getElementById("new-name").value.trim();
    const answer = await fetch("/sandbox/residents", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(name ? { names: [name] } : { count: 1 }),
    });
    const made = (await answer.json()).residents[0];
    location.href = `/phone/${made.userId}${next ? `?next=${encodeURIComponent(next)}` : ""}`;
  });
  await list();
  setInterval(() => { if (!document.hidden && !find.value) list(); }, 5000);
}
