// Tables with ticked rows: counts them, ticks all of a page, and moves with j, k and x (keys.js asks for that).
const live = document.getElementById("live");
const boxes = () => [...document.querySelectorAll("tbody .pick input[type=checkbox]")];

function count() {
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  for (const place of document.querySelectorAll(".bulk [data-count]")) place.textContent = ticked;
  const head = document.querySelector("thead .pick input");
  if (head) {
    head.checked = ticked > 0 && ticked === all.length;
    head.indeterminate = ticked > 0 && ticked < all.length;
  }
  if (live) live.textContent = ticked ? document.querySelector(".bulk b")?.textContent ?? "" : "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("thead .pick input")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.matches(".pick input")) count();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear]")) return;
  for (const box of boxes()) box.checked = false;
  count();
});

document.addEventListener("rowkey", (event) => {
  const rows = [...document.querySelectorAll("table[data-rows] > tbody > tr")];
  const here = rows.indexOf(document.activeElement?.closest("tr"));
  if (event.detail === "x") {
    rows[here]?.querySelector(".pick input")?.click();
    return;
  }
  const next = rows[Math.min(Math.max(here + (event.detail === "j" ? 1 : -1), 0), rows.length - 1)];
  (next?.querySelector("a.key, th a") ?? next?.querySelector("a, input"))?.focus();
});

document.body.addEventListener("htmx:afterSettle", count);
count();
