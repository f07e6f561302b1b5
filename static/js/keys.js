// Shortcuts. Any element takes one with data-key: "n", "?", "[", "mod+enter"; links of the side bar take
// "g" and a letter with data-go. Single letters work outside inputs only and can be switched off (data-keys).
const GO_MS = 1200;
const rowKeys = new Set(["j", "k", "x"]);
let goUntil = 0;

const isTyping = (target) =>
  target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select");

const visible = (selector) =>
  [...document.querySelectorAll(selector)].find((element) => element.checkVisibility());

function act(element) {
  if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else element.click();
}

function combination(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return "";
  return `mod+${event.key.toLowerCase()}`;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const combined = combination(event);
  if (combined) {
    const element = visible(`[data-key="${CSS.escape(combined)}"]`);
    if (!element || (combined === "mod+z" && isTyping(event.target))) return;
    event.preventDefault();
    act(element);
    return;
  }
  if (document.body.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || event.target.closest("dialog[open]")) return;
  const going = Date.now() < goUntil;
  goUntil = 0;
  if (going) {
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  if (event.key === "g") {
    goUntil = Date.now() + GO_MS;
    return;
  }
  if (rowKeys.has(event.key) && document.querySelector("table[data-rows]")) {
    document.dispatchEvent(new CustomEvent("rowkey", { detail: event.key }));
    return;
  }
  const element = visible(`[data-key="${CSS.escape(event.key)}"]`);
  if (!element) return;
  event.preventDefault();
  act(element);
});
