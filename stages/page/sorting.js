"use strict";

// Tables whose titles sort them: numbers from the highest on, then from the lowest.
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
