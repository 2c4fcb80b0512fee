// Draws template messages and imagemaps.

import { el, picture } from "./dom.js";

function deeds(actions, entry, tools, side = false) {
  return el("div", { class: side ? "deeds side" : "deeds" }, (actions || []).map((action) =>
    el("button", { type: "button", on: { click: () => tools.tap(entry, action) } }, action.label || "")));
}

// `imageSize` "contain" shows the whole picture, otherwise its sides are cut off.
function card(column, entry, tools) {
  const whole = entry.message.template.imageSize === "contain";
  const about = el("div", { class: "about" }, column.title ? el("strong", {}, column.title) : null, column.text || "");
  const image = column.thumbnailImageUrl ? picture(entry.media, column.thumbnailImageUrl) : null;
  return el("div", { class: whole ? "template whole" : "template" }, image, about, deeds(column.actions, entry, tools));
}

const TEMPLATES = {
  buttons: card,
  confirm: (template, entry, tools) => el("div", { class: "template" },
    el("div", { class: "about" }, template.text || ""), deeds(template.actions, entry, tools, true)),
  carousel: (template, entry, tools) => el("div", { class: "belt", tabindex: "0" },
    (template.columns || []).map((column) => card(column, entry, tools))),
  image_carousel: (template, entry, tools) => el("div", { class: "belt", tabindex: "0" },
    (template.columns || []).map((column) => el("div", { class: "template" },
      picture(entry.media, column.imageUrl), deeds([column.action], entry, tools)))),
};

export function drawTemplate(entry, tools) {
  const template = entry.message.template || {};
  const draw = TEMPLATES[template.type];
  return draw ? draw(template, entry, tools) : el("div", { class: "card" }, entry.message.altText || "");
}

export function drawImagemap(entry, tools) {
  const { baseUrl, baseSize, actions, altText } = entry.message;
  const node = el("div", { class: "map-picture" }, picture(entry.media, `${baseUrl}/1040`, altText));
  for (const action of actions || []) {
    const { x, y, width, height } = action.area || {};
    const spot = el("button", { type: "button", "aria-label": action.label || action.text || altText, title: action.label || action.text || null,
      on: { click: () => tools.tap(entry, action.linkUri ? { ...action, uri: action.linkUri } : action) } });
    const [w, h] = [baseSize.width, baseSize.height];
    Object.assign(spot.style, { left: `${x / w * 100}%`, top: `${y / h * 100}%`,
      width: `${width / w * 100}%`, height: `${height / h * 100}%` });
    node.append(spot);
  }
  return node;
}
