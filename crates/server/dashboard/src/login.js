// The form that asks for a token.

import { Problem, get, session } from "./api.js";
import { fill, h } from "./dom.js";

/** Asks for a token until one is right. `why` says why it is asked for again. */
export function login(main, why, begun) {
  const token = h("input", {
    id: "token", type: "password", autocomplete: "current-password", required: true, spellcheck: "false", "aria-describedby": "token-help",
  });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const button = h("button", { class: "primary" }, "Sign in");
  const send = async (event) => {
    event.preventDefault();
    button.disabled = true;
    fill(wrong);
    try {
      await get("/v1/tenants-usage?limit=1", { token: token.value.trim() });
      session.begin(token.value.trim());
      begun();
    } catch (error) {
      fill(wrong, said(error));
      token.setAttribute("aria-invalid", "true");
      token.select();
    } finally {
      button.disabled = false;
    }
  };
  fill(main, h("section", { class: "login panel", "aria-labelledby": "login" },
    h("h1", { id: "login" }, "Sign in"),
    why ? h("p", { class: "note" }, why) : null,
    h("form", { onsubmit: send },
      h("label", { for: "token" }, "Token of the admin API"), token,
      h("p", { class: "note", id: "token-help" }, "One is in ", h("code", {}, "admin.json"), " in the server’s folder of state; ",
        h("code", {}, "dayfly tenant token"), " makes others. It is kept until this tab is closed."),
      wrong, button)));
  token.focus();
}

function said(error) {
  if (!(error instanceof Problem)) return "The server cannot be reached. Try again.";
  if (error.code === "token-unknown" || error.code === "token-missing") return "The server does not know this token. Look at admin.json again, or make a new one.";
  return [error.message, error.remedy].filter(Boolean).join(": ");
}
