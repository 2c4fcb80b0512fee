// Lets LINE say who is there, and hands the raw ID token to the relay. Nothing is kept in the browser.
"use strict";

(async () => {
  const place = document.getElementById("enter");

  function show(state) {
    for (const part of place.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== state;
    const heading = place.querySelector(`[data-state="${state}"] h1`);
    document.title = heading.textContent;
    heading.tabIndex = -1;
    heading.focus();
  }

  async function signIn() {
    if (!window.liff) return "failed";
    await window.liff.init({ liffId: place.dataset.liffId });
    if (!window.liff.isInClient() && !window.liff.isLoggedIn()) return "outside";
    const idToken = window.liff.getIDToken();
    if (!idToken) return "failed";
    const answer = await fetch("/pages/session", {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ idToken }),
    });
    if (answer.ok) return "";
    const { reason } = await answer.json();
    return reason === "not_a_friend" ? "stranger" : "failed";
  }

  let trouble = "failed";
  try {
    trouble = await signIn();
  } catch {
    // Away from LINE or the network: the page says so in words.
  }
  if (trouble) show(trouble);
  else window.location.replace(place.dataset.next);
})();
