// The resident copy: its key is made here, kept in this phone, and leaves it only sealed to the departments.
// Without what it needs (an old browser, storage shut off) everything works all the same, without a copy.
"use strict";

(() => {
  const STORE = "madoguchi.copy.";
  const BUCKETS = [1024, 4096, 16384];
  const encoder = new TextEncoder();

  function toBase64(bytes) {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  function fromBase64(text) {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  }

  const boundTo = (submission, version) => encoder.encode(`madoguchi copy 1\n${submission}\n${version}`);
  const keyInfo = (submission) => encoder.encode(`madoguchi copy key 1\n${submission}`);

  // Spaces behind JSON change nothing; they hide how long a text is.
  function padded(bytes) {
    const last = BUCKETS[BUCKETS.length - 1];
    const size = BUCKETS.find((bucket) => bytes.length <= bucket) ?? Math.ceil(bytes.length / last) * last;
    const filled = new Uint8Array(size).fill(0x20);
    filled.set(bytes);
    return filled;
  }

  // --- sending ---

  function contentOf(place) {
    const value = (name) => place.querySelector(`[data-part="${name}"]`)?.value.trim() ?? "";
    const photos = place.querySelector('[data-part="photos"]')?.files.length ?? 0;
    return { topic: value("topic"), text: value("text"), reply: "", photos };
  }

  async function makeCopy(place) {
    const submission = place.dataset.submission;
    // Sent again from a page that went back: what arrived first stays, and only its key opens it.
    const kept = localStorage.getItem(STORE + submission);
    const key = kept ? fromBase64(kept) : crypto.getRandomValues(new Uint8Array(32));
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const aead = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
    const algorithm = { name: "AES-GCM", iv: nonce, additionalData: boundTo(submission, 1) };
    const content = padded(encoder.encode(JSON.stringify(contentOf(place))));
    const body = new Uint8Array(await crypto.subtle.encrypt(algorithm, aead, content));
    const wraps = {};
    for (const [id, point] of Object.entries(JSON.parse(place.dataset.keys))) {
      const sealed = await globalThis.madoguchiHpke.seal(fromBase64(point), keyInfo(submission), key);
      wraps[id] = toBase64(sealed);
    }
    localStorage.setItem(STORE + submission, toBase64(key));
    return JSON.stringify({ nonce: toBase64(nonce), body: toBase64(body), wraps });
  }

  async function fillCopies(form) {
    for (const place of form.querySelectorAll("[data-submission][data-keys]")) {
      const field = place.querySelector('[data-part="copy"]');
      field.value = "";
      if (!contentOf(place).text) continue;
      try {
        field.value = await makeCopy(place);
      } catch {
        // No copy then. What was written still goes.
      }
    }
  }

  for (const form of document.querySelectorAll("form[data-copies]")) {
    let isSending = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      await fillCopies(form);
      form.submit();
    });
    // Back from the next page, the form may be sent again.
    addEventListener("pageshow", () => { isSending = false; });
  }

  // --- reading ---

  async function open(place) {
    const { submission, version, nonce, body } = place.dataset;
    const key = localStorage.getItem(STORE + submission);
    if (!key) return null;
    const aead = await crypto.subtle.importKey("raw", fromBase64(key), "AES-GCM", false, ["decrypt"]);
    const algorithm = { name: "AES-GCM", iv: fromBase64(nonce), additionalData: boundTo(submission, version) };
    const plain = await crypto.subtle.decrypt(algorithm, aead, fromBase64(body));
    return JSON.parse(new TextDecoder().decode(plain));
  }

  function show(place, content) {
    for (const name of ["topic", "text", "reply"]) {
      const row = place.querySelector(`[data-row="${name}"]`);
      row.hidden = !content[name];
      row.querySelector("dd").textContent = content[name] ?? "";
    }
    const photos = place.querySelector('[data-row="photos"]');
    photos.hidden = !content.photos;
    photos.querySelector("dd").textContent = `${content.photos}枚`;
    place.querySelector("[data-kept]").hidden = false;
    place.querySelector("[data-not-kept]").hidden = true;
  }

  for (const place of document.querySelectorAll("[data-submission][data-body]")) {
    open(place).then((content) => { if (content) show(place, content); }, () => {
      // The key of another phone, or a copy that was altered: number, date and state are still shown.
    });
  }
})();
