// Draws one bubble of the talk.

import { el, linked, picture, PROBLEMS } from "./dom.js";
import { drawFlex } from "./flex.js";
import { drawImagemap, drawTemplate } from "./templates.js";

// LINE's own emoji are pictures we do not have; a plain smile stands in their place.
function wordsOf(message) {
  let text = message.text || "";
  if (message.type === "textV2") {
    return text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, key) => {
      if (whole === "{{" || whole === "}}") return whole[0];
      const kind = ((message.substitution || {})[key] || {}).type;
      return kind === "emoji" ? "☺" : kind === "mention" ? "@相手" : whole;
    });
  }
  const places = (message.emojis || []).map((emoji) => emoji.index).sort((a, b) => b - a);
  for (const at of places) if (text[at] === "$") text = text.slice(0, at) + "☺" + text.slice(at + 1);
  return text;
}

function drawText(entry, tools) {
  return el("div", { class: "bubble" }, linked(wordsOf(entry.message), tools.open));
}

function drawPhoto(entry, tools) {
  const url = entry.message.originalContentUrl;
  const held = entry.media.find((each) => each.url === url);
  const path = entry.content ? entry.content.path : held && held.state === "fetched" ? held.path : null;
  if (!path) return picture(entry.media, url, "写真");
  const shown = entry.content ? path : pathOf(entry, entry.message.previewImageUrl) || path;
  return el("button", { type: "button", class: "photo", "aria-label": "写真を大きく見る", on: { click: () => tools.enlarge(path) } },
    el("img", { src: shown, alt: "写真" }));
}

function pathOf(entry, url) {
  const held = entry.media.find((each) => each.url === url);
  return held && held.state === "fetched" ? held.path : null;
}

// LINE plays a film in the talk after a tap on its still picture.
function drawVideo(entry) {
  const { originalContentUrl, previewImageUrl } = entry.message;
  const path = entry.content ? entry.content.path : pathOf(entry, originalContentUrl);
  if (path) {
    return el("div", { class: "film" }, el("video", { controls: true, playsinline: true, preload: "metadata",
      src: path, poster: pathOf(entry, previewImageUrl), "aria-label": "動画" }));
  }
  return el("div", { class: "film" }, picture(entry.media, previewImageUrl || originalContentUrl, "動画"),
    el("span", { class: "play", "aria-hidden": "true" }), el("p", { class: "about" }, whyNot(entry, originalContentUrl, "動画")));
}

function drawAudio(entry) {
  const url = entry.message.originalContentUrl;
  const path = entry.content ? entry.content.path : pathOf(entry, url);
  const length = seconds(entry.message.duration);
  const player = path ? el("audio", { controls: true, preload: "metadata", src: path, "aria-label": "音声" }) : null;
  return el("div", { class: "card sound" }, el("strong", {}, length ? `音声 ${length}` : "音声"),
    player || el("span", {}, whyNot(entry, url, "音声")));
}

function whyNot(entry, url, what) {
  const held = entry.media.find((each) => each.url === url);
  if (!held || held.state === "waiting") return `${what}を読み込んでいます`;
  return `${what}を再生できません：${PROBLEMS[held.problem] || held.problem || ""}`;
}

// The pictures of stickers are LINE's own; their place and number stand here.
function drawSticker(entry) {
  const { packageId, stickerId, keywords } = entry.message;
  const name = (keywords || []).join(" ") || `${packageId}-${stickerId}`;
  return el("div", { class: "sticker", role: "img", "aria-label": `スタンプ ${name}` },
    el("span", { class: "sticker-face", "aria-hidden": "true" }), el("span", {}, `スタンプ ${name}`));
}

function drawCoupon(entry) {
  const coupon = entry.coupon || {};
  return el("div", { class: "coupon" }, el("p", {}, "クーポン"), el("strong", {}, coupon.title || entry.message.couponId),
    el("button", { type: "button", disabled: true }, "クーポンを見る"));
}

function words(title, about) {
  return el("div", { class: "card words" }, el("strong", {}, title), about || null);
}

function seconds(milliseconds) {
  const whole = Math.round((milliseconds || 0) / 1000);
  return whole ? `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}` : "";
}

const DRAW = {
  text: drawText,
  textV2: drawText,
  image: drawPhoto,
  video: drawVideo,
  audio: drawAudio,
  file: (entry) => words(entry.message.fileName, `${entry.message.fileSize}バイト`),
  sticker: drawSticker,
  location: (entry) => el("div", { class: "card place" }, el("div", { class: "map" }, el("span", { class: "pin" })),
    el("strong", {}, entry.message.title || "位置情報"), entry.message.address || ""),
  template: drawTemplate,
  imagemap: drawImagemap,
  flex: drawFlex,
  coupon: drawCoupon,
  unsent: () => el("div", { class: "bubble gone" }, "送信を取り消しました"),
};

const CLOCK = new Intl.DateTimeFormat("ja-JP", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tokyo" });
const WIDE = ["flex", "template", "imagemap"];

export function drawRow(entry, state, follows, tools) {
  const draw = DRAW[entry.message.type];
  const body = draw ? draw(entry, tools) : el("div", { class: "card" }, "表示できないメッセージ");
  const when = el("div", { class: "when" }, entry.read ? el("span", {}, "既読", el("br")) : null, CLOCK.format(new Date(entry.time)));
  const classes = ["row", entry.who, follows ? "follows" : "", WIDE.includes(entry.message.type) ? "wide" : ""];
  const row = el("div", { class: classes.join(" ").trim(), "data-id": entry.id, "data-type": entry.message.type });
  if (entry.who === "resident") {
    row.append(when, el("div", { class: "stack" }, body));
    return row;
  }
  const sender = entry.message.sender || {};
  const name = sender.name ? `${sender.name} from ${state.account}` : state.account;
  const face = sender.iconUrl && pathOf(entry, sender.iconUrl) ? picture(entry.media, sender.iconUrl) : [...state.account][0];
  row.append(el("div", { class: "icon", "aria-hidden": "true" }, face),
    el("div", { class: "stack" }, el("p", { class: "from" }, name), body), when);
  return row;
}

const DAY = new Intl.DateTimeFormat("ja-JP", { month: "long", day: "numeric", weekday: "short", timeZone: "Asia/Tokyo" });
const DATE = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo" });

export function dayOf(time) {
  return DATE.format(new Date(time));
}

export function drawDay(time, now) {
  const words = dayOf(time) === dayOf(now) ? "今日" : DAY.format(new Date(time));
  return el("div", { class: "day" }, el("span", {}, words));
}

export function drawLoading() {
  return el("div", { class: "row account" }, el("div", { class: "bubble dots", role: "status", "aria-label": "入力中" }, el("i"), el("i"), el("i")));
}
