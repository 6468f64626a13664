// Charts: the values under the pointer, or at the place that the arrow keys move to.

for (const chart of document.querySelectorAll("[data-readings]")) {
  const readings = JSON.parse(chart.dataset.readings);
  const output = chart.parentElement.querySelector("output");
  const cursor = chart.querySelector(".cursor");
  let place = readings.length - 1;

  const read = (number) => {
    place = Math.max(0, Math.min(readings.length - 1, number));
    const [x, text] = readings[place];
    const words = `${chart.dataset.axis} ${text}`;
    output.value = words[0].toUpperCase() + words.slice(1);
    cursor.setAttribute("transform", `translate(${x} 0)`);
    cursor.setAttribute("visibility", "visible");
    chart.setAttribute("aria-valuenow", place + 1);
    chart.setAttribute("aria-valuetext", output.value);
  };

  chart.setAttribute("role", "slider");
  chart.setAttribute("tabindex", "0");
  chart.setAttribute("aria-valuemin", "1");
  chart.setAttribute("aria-valuemax", readings.length);
  read(place);
  cursor.setAttribute("visibility", "hidden");

  chart.addEventListener("pointermove", (event) => {
    const { x } = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      chart.getScreenCTM().inverse(),
    );
    const distances = readings.map(([at]) => Math.abs(at - x));
    read(distances.indexOf(Math.min(...distances)));
  });
  chart.addEventListener("focus", () => read(place));
  for (const end of ["pointerleave", "blur"]) {
    chart.addEventListener(end, () => cursor.setAttribute("visibility", "hidden"));
  }
  chart.addEventListener("keydown", (event) => {
    const moves = {
      ArrowLeft: place - 1,
      ArrowDown: place - 1,
      ArrowRight: place + 1,
      ArrowUp: place + 1,
      Home: 0,
      End: readings.length - 1,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    read(moves[event.key]);
  });
}

// Paper has all that is folded.

window.addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});

// Mistakes: some at a time, filtered, and each of them large.

const filters = document.querySelector(".filters");

if (filters) {
  const list = document.querySelector(".mistakes");
  const photos = [...list.children];
  const more = document.querySelector(".more");
  const step = Number(list.dataset.next);
  let matching = photos;
  let limit = step;

  const show = () => {
    const shown = new Set(matching.slice(0, limit));
    for (const photo of photos) photo.hidden = !shown.has(photo);
    more.hidden = limit >= matching.length;
    filters.querySelector("output").value = `${shown.size} of ${matching.length} shown`;
  };

  const filter = () => {
    const chosen = [...new FormData(filters)].filter(([, value]) => value !== "");
    matching = photos.filter((photo) =>
      chosen.every(([name, value]) => photo.dataset[name].trim().split(" ").includes(value)),
    );
    limit = step;
    show();
  };

  filters.addEventListener("change", filter);
  filters.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    limit += step;
    show();
    matching[limit - step].querySelector("button").focus();
  });
  for (const link of document.querySelectorAll("a[data-taken]")) {
    link.addEventListener("click", () => {
      filters.reset();
      filters.elements.class.value = link.dataset.class;
      filters.elements.taken.value = link.dataset.taken;
      filter();
    });
  }
  filters.hidden = false;
  filter();

  const viewer = document.querySelector(".viewer");
  const controls = viewer.querySelector("form").elements;
  const classes = [...filters.elements.class.options].slice(1).map((option) => option.text);
  let place = 0;

  const large = new Image(320, 320);
  let looking = false;

  const look = (shown) => {
    large.hidden = shown;
    viewer.querySelector(".looked").hidden = !shown;
    controls.looked.setAttribute("aria-pressed", Boolean(shown));
  };

  const turn = () => {
    if (controls.looked.hidden) return;
    looking = !looking;
    look(looking);
  };

  const view = (number) => {
    place = (number + matching.length) % matching.length;
    if (place >= limit) {
      limit = step * Math.ceil((place + 1) / step);
      show();
    }
    const photo = matching[place];
    const small = photo.querySelector("img");
    large.src = small.src;
    large.alt = small.alt;
    viewer.querySelector(".large").prepend(large);
    viewer.querySelector("output").value = `${place + 1} of ${matching.length}`;
    const actual = photo.dataset.class;
    viewer.querySelector("#viewer-title").replaceChildren(
      ...[...photo.querySelector("p:not(.note)").childNodes].map((node) => node.cloneNode(true)),
    );
    viewer.querySelector(".note").textContent = photo.querySelector(".note").textContent;
    const columns = [...photo.querySelectorAll("[data-shares]")].map(
      (answer) => new Map(answer.dataset.shares.split(" ").map((share) => share.split(":"))),
    );
    const share = (column, name) => column.get(name) ?? "0.00";
    const highest = (name) => Math.max(...columns.map((column) => share(column, name)));
    const strong = (node, wanted) => {
      if (!wanted) return node;
      const made = document.createElement("strong");
      made.append(node);
      return made;
    };
    const cell = (tag, node) => {
      const made = document.createElement(tag);
      if (tag === "th") made.scope = "row";
      made.append(node);
      return made;
    };
    const rows = [...new Set([actual, ...columns.flatMap((column) => [...column.keys()])])]
      .sort((one, other) => highest(other) - highest(one))
      .map((name) => {
        const title = document.createElement("bdi");
        title.textContent = classes[name];
        const row = document.createElement("tr");
        row.append(
          cell("th", strong(title, name === actual)),
          ...columns.map((column) => {
            const most = Math.max(...column.values());
            return cell("td", strong(share(column, name), Number(share(column, name)) === most));
          }),
        );
        return row;
      });
    const looked = photo.querySelector(".looked");
    controls.looked.hidden = !looked;
    viewer
      .querySelector(".looked")
      .replaceChildren(...[...(looked?.children ?? [])].map((one) => one.cloneNode(true)));
    look(looking && looked);
    viewer.querySelector("tbody").replaceChildren(...rows);
  };

  for (const photo of photos) {
    const button = document.createElement("button");
    button.type = "button";
    const image = photo.querySelector("img");
    image.before(button);
    button.append(image);
    button.addEventListener("click", () => {
      view(matching.indexOf(photo));
      viewer.showModal();
    });
  }
  controls.previous.addEventListener("click", () => view(place - 1));
  controls.next.addEventListener("click", () => view(place + 1));
  controls.looked.addEventListener("click", turn);
  controls.close.addEventListener("click", () => viewer.close());
  viewer.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  viewer.addEventListener("keydown", (event) => {
    if (event.target.closest(".scroll") && event.target.scrollWidth > event.target.clientWidth) {
      return;
    }
    if (event.key === "ArrowLeft") view(place - 1);
    if (event.key === "ArrowRight") view(place + 1);
    if (event.key === "w" || event.key === "W") turn();
  });
  viewer.addEventListener("close", () => matching[place].querySelector("button").focus());
}
