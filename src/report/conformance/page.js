"use strict";
(() => {
  const root = document.documentElement;
  const body = document.querySelector("#tables tbody");
  const rows = [...body.rows].map((tr, n) => ({ tr, n, text: tr.textContent.toLowerCase(), drifts: tr.dataset.standing === "3" }));
  const search = document.getElementById("search");
  const only = document.getElementById("only");
  const count = document.getElementById("count");
  document.querySelector(".controls").hidden = false;
  document.querySelector(".controls").addEventListener("submit", (e) => e.preventDefault());
  const filter = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const r of rows) {
      const yes = (!only.checked || r.drifts) && wanted.every((w) => r.text.includes(w));
      r.tr.hidden = !yes;
      shown += yes;
    }
    count.textContent = shown + " of " + rows.length;
  };
  search.addEventListener("input", filter);
  only.addEventListener("change", filter);
  document.querySelectorAll("#tables thead th").forEach((th, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = th.textContent;
    th.textContent = "";
    th.append(button);
    button.addEventListener("click", () => {
      const down = column === 0 ? th.getAttribute("aria-sort") === "ascending" : th.getAttribute("aria-sort") !== "descending";
      document.querySelectorAll("#tables thead th").forEach((other) => other.removeAttribute("aria-sort"));
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (r) => (column === 0 ? r.n : Number(r.tr.cells[column].dataset.sort));
      const sorted = [...rows].sort((a, b) => (down ? key(b) - key(a) : key(a) - key(b)) || a.n - b.n);
      body.append(...sorted.map((r) => r.tr));
    });
  });
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  filter();
})();
