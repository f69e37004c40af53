const box = document.getElementById("again");
box.checked = location.hash !== "#stay"; // as it was before the page was loaded again
box.addEventListener("change", () => {
  location.hash = box.checked ? "" : "stay";
  box.blur();
});
setInterval(() => {
  if (box.checked && document.activeElement === document.body) location.reload();
}, 10_000);
