// Builds elements. Text always goes in as text, never as markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) node.append(child);
  }
  return node;
}

const ADDRESS = /(https?:\/\/[^\s<>"'、。）」]+)/;

// Addresses become links; everything else stays as written.
export function linked(text, open) {
  return String(text).split(ADDRESS).map((part, index) => {
    if (index % 2 === 0) return part;
    return el("a", { href: part, rel: "noopener noreferrer", on: { click: (event) => { event.preventDefault(); open(part); } } }, part);
  });
}

export const PROBLEMS = {
  not_https: "HTTPSではない",
  error_status: "サーバーがエラーを返した",
  certificate_not_trusted: "証明書を確かめられない",
  timeout: "時間切れ",
  could_not_connect: "つながらない",
  too_large: "大きすぎる",
  not_a_picture: "画像ではない",
  not_jpeg_or_png: "JPEGでもPNGでもない",
  not_mp4: "MP4ではない",
  not_mp3_or_m4a: "MP3でもM4Aでもない",
  fetching_is_off: "取得を止めている",
};

// The picture behind an address, as the sandbox fetched it; a gap that says why when it did not.
export function picture(media, url, alt = "") {
  const held = media.find((each) => each.url === url);
  if (held && held.state === "fetched") {
    return el("img", { src: held.path, alt, width: held.width || null, height: held.height || null });
  }
  const waiting = !held || held.state === "waiting";
  const words = waiting ? "画像を読み込んでいます" : "画像を表示できません";
  const why = waiting ? null : el("small", {}, PROBLEMS[held.problem] || held.problem || "");
  return el("div", { class: "gap" }, el("span", {}, words, why));
}
