// Stands for LINE's LIFF SDK inside the sandbox: the same method names, none of its code.
// Tokens arrive in the fragment of the primary redirect and live in sessionStorage.
(() => {
  "use strict";

  const sandbox = new URL(document.currentScript.src).origin;
  const STORE = "SANDBOX_LIFF:";
  const LIFF_PARAMETERS = ["access_token", "id_token", "client_id", "expires_in", "token_type", "scope",
    "liff_id", "context_type"];
  let initialised = null;
  let session = null;
  let announceReady;
  const ready = new Promise((resolve) => { announceReady = resolve; });

  class LiffError extends Error {
    constructor(code, message, cause) {
      super(message || code);
      this.name = "LiffError";
      this.code = code;
      if (cause !== undefined) this.cause = cause;
    }
  }

  function need(condition, code, message) {
    if (!condition) throw new LiffError(code, message);
  }

  function needInit() {
    need(initialised, "INIT_FAILED", "liff.init() was not called or did not finish.");
  }

  function needLogin() {
    needInit();
    need(session, "UNAUTHORIZED", "Need to login first.");
  }

  function takeTokensFromFragment(liffId) {
    const fragment = new URLSearchParams(location.hash.slice(1));
    if (!fragment.has("access_token") || fragment.get("liff_id") !== liffId) return;
    const held = {};
    for (const name of LIFF_PARAMETERS) {
      held[name] = fragment.get(name);
      fragment.delete(name);
    }
    held.expires_at = Date.now() + Number(held.expires_in) * 1000;
    sessionStorage.setItem(STORE + liffId, JSON.stringify(held));
    const rest = fragment.toString();
    history.replaceState(history.state, "", location.pathname + location.search + (rest ? "#" + rest : ""));
  }

  function storedSession(liffId) {
    try {
      const held = JSON.parse(sessionStorage.getItem(STORE + liffId));
      return held && held.expires_at > Date.now() ? held : null;
    } catch {
      return null;
    }
  }

  // The endpoint URL is where the primary redirect led. Only a path below it is followed, never another origin.
  function secondaryTarget() {
    const here = new URL(location.href);
    const state = here.searchParams.get("liff.state");
    if (!state || !/^[/?#]/.test(state)) return null;
    const endpoint = here.pathname.replace(/\/$/, "");
    const target = new URL(here.origin + endpoint + (state.startsWith("/") ? state : (here.pathname.endsWith("/") ? "/" : "") + state));
    const below = target.pathname === here.pathname || target.pathname === endpoint
      || target.pathname.startsWith(endpoint + "/");
    need(target.origin === here.origin && below, "INVALID_CONFIG", "liff.state leads out of the endpoint.");
    here.searchParams.delete("liff.state");
    for (const [name, value] of here.searchParams) {
      if (!target.searchParams.has(name)) target.searchParams.append(name, value);
    }
    return target;
  }

  async function init(config, onSuccess, onError) {
    try {
      need(config && typeof config.liffId === "string" && config.liffId, "INVALID_CONFIG", "liffId is necessary for liff.init()");
      takeTokensFromFragment(config.liffId);
      session = storedSession(config.liffId);
      if (session) {
        const target = secondaryTarget();
        if (target && target.href !== location.href) {
          location.replace(target.href);
          return await new Promise(() => {});
        }
      }
      initialised = { liffId: config.liffId };
      liff.id = config.liffId;
      if (!session && config.withLoginOnExternalBrowser) {
        login();
        return await new Promise(() => {});
      }
      announceReady();
      if (onSuccess) onSuccess();
    } catch (error) {
      const known = error instanceof LiffError ? error : new LiffError("INIT_FAILED", String(error), error);
      if (onError) onError(known);
      throw known;
    }
  }

  function login() {
    const liffId = initialised ? initialised.liffId : liff.id;
    need(liffId, "INIT_FAILED", "liff.init() was not called.");
    location.href = `${sandbox}/liff/${liffId}`;
  }

  function logout() {
    if (initialised) sessionStorage.removeItem(STORE + initialised.liffId);
    session = null;
  }

  function claims() {
    if (!session || !session.id_token) return null;
    const part = session.id_token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  async function ask(path, options = {}) {
    needLogin();
    const headers = { authorization: `Bearer ${session.access_token}`, ...(options.headers || {}) };
    let answer;
    try {
      answer = await fetch(sandbox + path, { ...options, headers, credentials: "omit" });
    } catch (error) {
      throw new LiffError("UNKNOWN", "The server could not be reached.", error);
    }
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const code = { 400: "400", 401: "UNAUTHORIZED", 403: "FORBIDDEN" }[answer.status] || String(answer.status);
      throw new LiffError(code, body.message || code);
    }
    return body;
  }

  async function sendMessages(messages) {
    needLogin();
    need(Array.isArray(messages) && messages.length >= 1 && messages.length <= 5, "INVALID_ARGUMENT",
      "Number of messages should be in range 1 to 5.");
    need(["utou", "group", "room"].includes(session.context_type), "FORBIDDEN", "Not opened from a chat.");
    await ask("/liff/api/messages", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages }),
    });
  }

  async function shareTargetPicker(messages) {
    needLogin();
    need(Array.isArray(messages) && messages.length >= 1 && messages.length <= 5, "INVALID_ARGUMENT",
      "Number of messages should be in range 1 to 5.");
    // There is nobody to share with here: the person decides only whether it succeeds.
    return window.confirm("友だちに送った、として進めますか。") ? { status: "success" } : undefined;
  }

  async function scanCodeV2() {
    needInit();
    const value = window.prompt("読み取ったことにするコードの中身を入れてください。");
    need(value !== null, "USER_CANCEL", "Cancelled.");
    return { value };
  }

  function closeWindow() {
    const who = claims();
    location.href = who ? `${sandbox}/phone/${who.sub}` : `${sandbox}/phone`;
  }

  function openWindow(params) {
    need(params && typeof params.url === "string" && params.url, "INVALID_ARGUMENT", "params.url is required.");
    const url = new URL(params.url, location.href);
    need(["http:", "https:", "tel:", "line:"].includes(url.protocol), "INVALID_ARGUMENT", "Invalid url.");
    if (params.external) window.open(url.href, "_blank", "noopener");
    else location.href = url.href;
  }

  const granted = () => (session ? session.scope.split(" ") : []);

  const liff = {
    id: null,
    ready,
    LiffError,
    init,
    login,
    logout,
    sendMessages,
    shareTargetPicker,
    scanCodeV2,
    closeWindow,
    openWindow,
    isLoggedIn: () => Boolean(session),
    isInClient: () => Boolean(session) && session.context_type !== "external",
    isApiAvailable: (name) => typeof liff[name] === "function",
    getOS: () => (/iPhone|iPad|iPod/.test(navigator.userAgent) ? "ios"
      : /Android/.test(navigator.userAgent) ? "android" : "web"),
    getLanguage: () => navigator.language,
    getAppLanguage: () => navigator.language,
    getVersion: () => "2.31.0",
    getLineVersion: () => (session && session.context_type !== "external" ? "15.0.0" : null),
    getAccessToken: () => (session ? session.access_token : null),
    getIDToken: () => (session ? session.id_token : null),
    getDecodedIDToken: claims,
    getProfile: () => ask("/v2/profile"),
    getFriendship: () => ask("/friendship/v1/status"),
    getContext: () => (session ? {
      type: session.context_type, liffId: session.liff_id, viewType: "full", endpointUrl: location.origin + location.pathname,
      scope: granted(), availability: {},
    } : null),
    requestFriendship: async () => { needLogin(); },
    use: () => liff,
    i18n: { setLang: async () => {} },
    permission: {
      query: async (name) => ({ state: granted().includes(name) ? "granted" : "unavailable" }),
      getGrantedAll: async () => granted(),
      requestAll: async () => {},
    },
    permanentLink: {
      createUrl: () => `${sandbox}/liff/${liff.id}${location.search}${location.hash}`,
      createUrlBy: async (url) => {
        const target = new URL(url, location.href);
        need(target.origin === location.origin, "INVALID_ARGUMENT", "The URL is not below the endpoint.");
        return `${sandbox}/liff/${liff.id}${target.pathname}${target.search}`;
      },
    },
  };

  window.liff = liff;
})();
