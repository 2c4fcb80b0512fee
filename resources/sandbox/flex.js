// Draws Flex messages: bubbles, carousels and their parts. Unknown parts are left out, as LINE leaves them out.

import { el, picture } from "./dom.js";

const TEXT = { xxs: 11, xs: 13, sm: 14, md: 16, lg: 19, xl: 22, xxl: 29, "3xl": 35, "4xl": 48, "5xl": 74 };
const GAP = { none: 0, xs: 2, sm: 4, md: 8, lg: 12, xl: 16, xxl: 20 };
const RADIUS = { none: 0, xs: 2, sm: 4, md: 8, lg: 12, xl: 16, xxl: 20 };
const BORDER = { none: "0", light: "0.5px", normal: "1px", medium: "2px", "semi-bold": "3px", bold: "4px" };
const IMAGE = { xxs: 40, xs: 60, sm: 80, md: 100, lg: 120, xl: 140, xxl: 160, "3xl": 180, "4xl": 200, "5xl": 220 };
const WIDTH = { nano: 120, micro: 160, deca: 220, hecto: 241, kilo: 260, mega: 300, giga: 330 };
const JUSTIFY = { center: "center", "flex-start": "flex-start", "flex-end": "flex-end",
  "space-between": "space-between", "space-around": "space-around", "space-evenly": "space-evenly" };
const ALIGN = { start: "left", center: "center", end: "right" };
const GRAVITY = { top: "flex-start", center: "center", bottom: "flex-end" };

function colour(value) {
  return typeof value === "string" && /^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$/.test(value) ? value : null;
}

function length(value, words) {
  if (value === undefined || value === null) return null;
  if (words && value in words) return `${words[value]}px`;
  return /^-?\d+(\.\d+)?(px|%)$/.test(value) ? value : null;
}

function set(node, name, value) {
  if (value !== null && value !== undefined) node.style[name] = value;
}

export function drawFlex(entry, tools) {
  const contents = entry.message.contents || {};
  if (contents.type === "carousel") {
    const bubbles = (contents.contents || []).map((bubble) => drawBubble(bubble, entry, tools));
    return el("div", { class: "belt", tabindex: "0", role: "group", "aria-label": entry.message.altText }, bubbles);
  }
  return drawBubble(contents, entry, tools);
}

function drawBubble(bubble, entry, tools) {
  const node = el("div", { class: "flex-bubble", dir: bubble.direction === "rtl" ? "rtl" : null });
  node.style.width = `${WIDTH[bubble.size] || WIDTH.mega}px`;
  for (const name of ["header", "hero", "body", "footer"]) {
    if (!bubble[name]) continue;
    const style = (bubble.styles || {})[name] || {};
    const block = drawPart(bubble[name], "vertical", true, entry, tools);
    if (!block) continue;
    if (bubble[name].type === "box") block.classList.add("flex-block", name);
    if (name === "body") block.classList.add("flex-body");
    setPadding(block, bubble[name]);
    set(block, "backgroundColor", colour(style.backgroundColor));
    if (style.separator) node.append(separator("vertical", style.separatorColor));
    node.append(block);
  }
  touchable(node, bubble.action, entry, tools);
  return node;
}

function drawPart(part, layout, first, entry, tools) {
  const draw = PARTS[part.type];
  if (!draw) return null;
  const node = draw(part, layout, entry, tools);
  node.classList.add("part");
  place(node, part, layout, first);
  if (part.type !== "button") touchable(node, part.action, entry, tools);
  return node;
}

function place(node, part, layout, first) {
  const sideways = layout !== "vertical";
  const still = ["icon", "separator", "spacer"].includes(part.type);
  const share = part.flex ?? (sideways && !still && !part.width ? 1 : 0);
  if (part.type === "filler") node.style.flex = `${part.flex ?? 1} 1 0`;
  else if (share > 0) node.style.flex = sideways ? `${share} 1 0` : `${share} 1 auto`;
  else node.style.flex = "0 0 auto";
  if (sideways && share === 0 && part.type === "text") node.style.maxWidth = "100%";
  if (!first) set(node, sideways ? "marginLeft" : "marginTop", length(part.margin, GAP));
  if (part.gravity && layout === "horizontal") node.style.alignSelf = GRAVITY[part.gravity] || "stretch";
  if (part.position === "absolute") node.style.position = "absolute";
  const absolute = part.position === "absolute";
  for (const [name, side] of [["offsetTop", "top"], ["offsetBottom", "bottom"], ["offsetStart", "left"], ["offsetEnd", "right"]]) {
    const value = length(part[name], GAP);
    if (value === null) continue;
    if (!absolute) node.style.position = "relative";
    node.style[side] = value;
  }
}

function setPadding(node, part) {
  set(node, "padding", length(part.paddingAll, GAP));
  set(node, "paddingTop", length(part.paddingTop, GAP));
  set(node, "paddingBottom", length(part.paddingBottom, GAP));
  set(node, "paddingLeft", length(part.paddingStart, GAP));
  set(node, "paddingRight", length(part.paddingEnd, GAP));
}

function touchable(node, action, entry, tools) {
  if (!action) return;
  const go = () => tools.tap(entry, action);
  node.classList.add("touch");
  node.setAttribute("role", "button");
  node.setAttribute("tabindex", "0");
  if (action.label) node.setAttribute("aria-label", action.label);
  node.addEventListener("click", (event) => { event.stopPropagation(); go(); });
  node.addEventListener("keydown", (event) => {
    if (event.target === node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); go(); }
  });
}

function drawBox(part, _layout, entry, tools) {
  const layout = ["horizontal", "baseline"].includes(part.layout) ? part.layout : "vertical";
  const node = el("div", { class: `flex-box ${layout}` });
  const children = (part.contents || []);
  let first = true;
  for (const child of children) {
    const spaced = child.margin === undefined && part.spacing ? { ...child, margin: part.spacing } : child;
    const drawn = drawPart(spaced, layout, first, entry, tools);
    if (!drawn) continue;
    node.append(drawn);
    if (child.position !== "absolute") first = false;
  }
  setPadding(node, part);
  set(node, "backgroundColor", colour(part.backgroundColor));
  set(node, "borderRadius", length(part.cornerRadius, RADIUS));
  if (part.cornerRadius) node.style.overflow = "hidden";
  if (part.borderWidth || part.borderColor) {
    const width = BORDER[part.borderWidth] || length(part.borderWidth) || "1px";
    node.style.border = `${width} solid ${colour(part.borderColor) || "#cfd6dc"}`;
  }
  set(node, "width", length(part.width));
  set(node, "height", length(part.height));
  set(node, "maxWidth", length(part.maxWidth));
  set(node, "maxHeight", length(part.maxHeight));
  set(node, "justifyContent", JUSTIFY[part.justifyContent]);
  set(node, "alignItems", layout === "baseline" ? null : JUSTIFY[part.alignItems]);
  const gradient = part.background;
  if (gradient && gradient.type === "linearGradient" && /^\d{1,3}(\.\d+)?deg$/.test(gradient.angle || "")) {
    const [start, end] = [colour(gradient.startColor), colour(gradient.endColor)];
    if (start && end) node.style.backgroundImage = `linear-gradient(${gradient.angle}, ${start}, ${end})`;
  }
  return node;
}

function styleText(node, part) {
  set(node, "fontSize", length(part.size, TEXT));
  set(node, "color", colour(part.color));
  if (part.weight === "bold") node.style.fontWeight = "700";
  if (part.style === "italic") node.style.fontStyle = "italic";
  if (part.decoration === "underline") node.style.textDecoration = "underline";
  if (part.decoration === "line-through") node.style.textDecoration = "line-through";
}

function drawText(part) {
  const node = el("div", { class: "flex-text" });
  styleText(node, part);
  set(node, "textAlign", ALIGN[part.align]);
  if (part.wrap) node.classList.add("wrap");
  if (part.wrap && part.maxLines > 0) {
    node.classList.add("clamp");
    node.style.webkitLineClamp = String(part.maxLines);
  }
  if (length(part.lineSpacing)) node.style.lineHeight = `calc(1.3em + ${length(part.lineSpacing)})`;
  if (Array.isArray(part.contents) && part.contents.length) {
    for (const span of part.contents) {
      const piece = el("span", {}, span.text || "");
      styleText(piece, span);
      node.append(piece);
    }
  } else {
    node.textContent = part.text || "";
  }
  return node;
}

// Dark letters on a light ground and white on a dark one, whatever colour was asked for.
function readableOn(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.3 ? "#16202a" : "#ffffff";
}

function drawButton(part, _layout, entry, tools) {
  const style = ["primary", "secondary"].includes(part.style) ? part.style : "link";
  const node = el("button", { type: "button", class: `flex-button ${style} ${part.height === "sm" ? "sm" : ""}` },
    (part.action && part.action.label) || "");
  const own = colour(part.color);
  if (own && style === "link") node.style.color = own;
  if (own && style !== "link") {
    node.style.backgroundColor = own;
    node.style.color = style === "primary" ? readableOn(own) : "#16202a";
  }
  node.addEventListener("click", (event) => { event.stopPropagation(); tools.tap(entry, part.action); });
  return el("div", {}, node);
}

function drawImage(part, layout, entry) {
  const node = el("div", { class: "flex-image" });
  const size = part.size === "full" ? "100%" : length(part.size || "md", IMAGE) || "100px";
  const image = picture(entry.media, part.url, "");
  node.style.width = layout === "horizontal" && part.flex !== 0 ? "auto" : size;
  node.style.maxWidth = "100%";
  const ratio = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(part.aspectRatio || "1:1");
  if (ratio) node.style.aspectRatio = `${ratio[1]} / ${ratio[2]}`;
  image.style.objectFit = part.aspectMode === "cover" ? "cover" : "contain";
  set(node, "backgroundColor", colour(part.backgroundColor));
  if (layout === "vertical") node.style.alignSelf = { start: "flex-start", end: "flex-end" }[part.align] || "center";
  node.append(image);
  return node;
}

function drawIcon(part, _layout, entry) {
  const image = picture(entry.media, part.url, "");
  if (image.tagName !== "IMG") return el("span", {});
  image.className = "flex-icon";
  set(image, "fontSize", length(part.size || "md", TEXT));
  return image;
}

function separator(layout, line) {
  const node = el("div", { class: `flex-separator ${layout === "vertical" ? "lies" : "stands"}` });
  set(node, "backgroundColor", colour(line));
  return node;
}

function drawVideo(part, layout, entry, tools) {
  return part.altContent ? drawPart(part.altContent, layout, true, entry, tools) || el("div") : el("div");
}

const PARTS = {
  box: drawBox,
  text: drawText,
  button: drawButton,
  image: drawImage,
  icon: drawIcon,
  video: drawVideo,
  separator: (part, layout) => separator(layout, part.color),
  filler: () => el("div"),
  spacer: (part) => { const node = el("div"); set(node, "height", length(part.size || "md", GAP)); return node; },
};
