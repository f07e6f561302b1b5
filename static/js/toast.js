// Toasts leave by themselves, later when they offer an Undo, never under the pointer or the focus.
// A server answer makes one with the header HX-Trigger: {"toast": {"text": "…", "tone": "success"}}.
const region = document.getElementById("toasts");
const READ_MS = 8000;
const UNDO_MS = 60000;

function leave(toast) {
  if (toast.matches(":hover, :focus-within")) setTimeout(leave, 2000, toast);
  else toast.remove();
}

function keep(toast) {
  toast.dataset.timed = "true";
  setTimeout(leave, toast.querySelector("form") ? UNDO_MS : READ_MS, toast);
}

function add({ text, tone = "success" }) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.tone = tone;
  const line = document.createElement("span");
  line.textContent = text;
  toast.append(line);
  region.append(toast);
}

if (region) {
  region.querySelectorAll(".toast").forEach(keep);
  new MutationObserver(() => {
    region.querySelectorAll(".toast:not([data-timed])").forEach(keep);
  }).observe(region, { childList: true });
  region.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest(".toast").remove();
  });
  document.body.addEventListener("toast", (event) => add(event.detail));
}

// What htmx cannot show in its target is said aloud and as a toast.
function fail(text) {
  document.getElementById("err").textContent = text;
  add({ text, tone: "danger" });
}

document.body.addEventListener("htmx:sendError", () => fail(document.body.dataset.offline));
document.body.addEventListener("htmx:responseError", (event) => {
  if (!event.detail.shouldSwap && event.detail.xhr.status !== 409) fail(document.body.dataset.failed);
});
