"use strict";

const form = document.querySelector(".filters");

if (form) {
  const photos = [...document.querySelectorAll(".mistakes > li")];

  const filter = () => {
    const chosen = Object.fromEntries(new FormData(form));
    for (const photo of photos) {
      photo.hidden = Object.entries(chosen).some(
        ([name, value]) => value !== "" && !photo.dataset[name].split(" ").includes(value),
      );
    }
    const shown = photos.filter((photo) => !photo.hidden).length;
    form.querySelector("output").value = `${shown} of ${photos.length} shown`;
  };

  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
}
