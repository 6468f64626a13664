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
