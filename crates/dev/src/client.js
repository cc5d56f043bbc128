// In each page that `dayfly dev` serves: reloads it when there is a new build, and shows over it what is wrong. Text is put in as
// text, never as HTML: it may be the app's own.
(() => {
  const { build, problem } = document.currentScript.dataset;
  const cut = problem && JSON.parse(problem);
  let overlay;

  const hide = () => {
    overlay?.remove();
    overlay = undefined;
  };

  const show = ({ title, frame, detail }) => {
    hide();
    overlay = document.createElement("dayfly-overlay");
    overlay.setAttribute("role", "alertdialog");
    // Out of reach of the page's own styles.
    const box = overlay.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
    box.style.cssText =
      "position:fixed;inset:0;z-index:2147483647;overflow:auto;padding:2rem;background:#1b1b1ff2;color:#e8e8ea;" +
      "font:14px/1.5 ui-monospace,monospace;white-space:pre-wrap;direction:ltr;text-align:left";
    const heading = box.appendChild(document.createElement("strong"));
    heading.style.color = "#ff6b6b";
    heading.textContent = title;
    for (const part of [frame, detail]) {
      if (part) box.appendChild(document.createElement("div")).textContent = `\n${part}`;
    }
    box.onclick = (event) => event.target === box && hide();
    document.documentElement.append(overlay);
  };

  if (cut) show(cut);
  const events = new EventSource("/__dayfly/events");
  events.onmessage = ({ data }) => {
    const live = JSON.parse(data);
    if (live.problem) show(live.problem);
    else if (live.build !== build) location.reload();
    else if (cut) show(cut);
    else hide();
  };
  // A page that is kept to go back to would hold its connection.
  addEventListener("pagehide", () => events.close());
})();
