"use strict";

for (const table of document.querySelectorAll(".sortable")) {
  const body = table.tBodies[0];
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    if (title.matches("td")) return;
    const button = document.createElement("button");
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const down = title.ariaSort !== "descending";
      for (const each of titles) each.removeAttribute("aria-sort");
      title.ariaSort = down ? "descending" : "ascending";
      const text = (row) => row.cells[column].textContent.trim();
      const rows = [...body.rows].sort((one, other) =>
        text(one).localeCompare(text(other), undefined, { numeric: true }),
      );
      body.append(...(down ? rows.reverse() : rows));
    });
  });
}

const form = document.querySelector(".filters");

if (form) {
  const photos = [...document.querySelectorAll(".apart > li")];

  const compare = () => {
    const chosen = [form.elements.one, form.elements.other];
    const counts = [0, 0];
    for (const photo of photos) {
      const [one, other] = chosen.map((select) => photo.dataset.right[select.value]);
      const winner = one > other ? 0 : 1;
      photo.hidden = one === other;
      if (photo.hidden) continue;
      counts[winner] += 1;
      photo.querySelector(".who").textContent =
        `Right: ${chosen[winner].selectedOptions[0].text}`;
    }
    form.querySelector("output").value =
      `Only the one is right on ${counts[0]} of these photos, only the other on ${counts[1]}`;
  };

  form.addEventListener("change", compare);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  compare();
}
