// The theme button: switches at once and stores the choice with the user. Without scripts its form posts.
const order = ["auto", "light", "dark"];

for (const form of document.querySelectorAll("[data-theme-form]")) {
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = new FormData(form);
    body.set("theme", button.value);
    document.documentElement.dataset.theme = button.value;
    button.setAttribute("aria-label", `${button.dataset.label} ${button.dataset[button.value]}`);
    button.value = order[(order.indexOf(button.value) + 1) % order.length];
    fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
  });
}
