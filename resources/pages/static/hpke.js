// RFC 9180, base mode, single shot: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, by WebCrypto alone.
// Fits protocol/keys.py: the encapsulated point (65 bytes), then the ciphertext.
"use strict";

globalThis.madoguchiHpke = (() => {
  const KEM = 0x0010;
  const KDF = 0x0001;
  const AEAD = 0x0002;
  const CURVE = { name: "ECDH", namedCurve: "P-256" };
  const VERSION = new TextEncoder().encode("HPKE-v1");
  const NOTHING = new Uint8Array();

  const ascii = (text) => new TextEncoder().encode(text);
  const two = (number) => new Uint8Array([number >> 8, number & 0xff]);

  function join(...parts) {
    const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  async function hmac(key, content) {
    // An empty salt is the same as zeros (RFC 2104), and browsers refuse an empty key.
    const raw = key.length ? key : new Uint8Array(32);
    const own = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", own, content));
  }

  const extract = (suite, salt, label, material) => hmac(salt, join(VERSION, suite, ascii(label), material));

  async function expand(suite, key, label, info, length) {
    // At most 32 bytes are ever asked for, so the first block of HKDF is enough.
    const block = await hmac(key, join(two(length), VERSION, suite, ascii(label), info, new Uint8Array([1])));
    return block.slice(0, length);
  }

  async function sharedSecret(ephemeral, recipient) {
    const suite = join(ascii("KEM"), two(KEM));
    const to = await crypto.subtle.importKey("raw", recipient, CURVE, false, []);
    const agreed = await crypto.subtle.deriveBits({ name: "ECDH", public: to }, ephemeral.privateKey, 256);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", ephemeral.publicKey));
    const key = await extract(suite, NOTHING, "eae_prk", new Uint8Array(agreed));
    return { point, secret: await expand(suite, key, "shared_secret", join(point, recipient), 32) };
  }

  async function schedule(shared, info) {
    const suite = join(ascii("HPKE"), two(KEM), two(KDF), two(AEAD));
    const noId = await extract(suite, NOTHING, "psk_id_hash", NOTHING);
    const told = await extract(suite, NOTHING, "info_hash", info);
    const context = join(new Uint8Array([0]), noId, told);
    const secret = await extract(suite, shared, "secret", NOTHING);
    return {
      key: await expand(suite, secret, "key", context, 32),
      nonce: await expand(suite, secret, "base_nonce", context, 12),
    };
  }

  // `ephemeral` and `bound` are given by tests alone (the vectors of the RFC).
  async function seal(recipient, info, content, { ephemeral, bound = NOTHING } = {}) {
    const own = ephemeral ?? (await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]));
    const { point, secret } = await sharedSecret(own, recipient);
    const { key, nonce } = await schedule(secret, info);
    const aead = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
    const algorithm = { name: "AES-GCM", iv: nonce, additionalData: bound };
    return join(point, new Uint8Array(await crypto.subtle.encrypt(algorithm, aead, content)));
  }

  return { seal };
})();
