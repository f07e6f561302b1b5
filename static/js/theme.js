// Theme buttons switch at once and store the choice with the user. Without scripts their forms post.
// The top bar's button walks through the themes, those of the account menu choose one.
const order = ["auto", "light", "dark"];

function show(theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("button[name=theme][aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
  for (const button of document.querySelectorAll("button[name=theme][data-label]")) {
    button.setAttribute("aria-label", `${button.dataset.label} ${button.dataset[theme]}`);
    button.value = order[(order.indexOf(theme) + 1) % order.length];
  }
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.name !== "theme") return;
  event.preventDefault();
  const body = new FormData(event.target);
  body.set("theme", button.value);
  show(button.value);
  fetch(event.target.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
});
