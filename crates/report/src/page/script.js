"use strict";
// Tables sort by their headers.
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table"), body = table.tBodies[0];
    const column = [...head.parentNode.children].indexOf(head);
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.children) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => {
      const cell = row.cells[column], value = cell.dataset.value ?? cell.textContent;
      return value === "" || value === "-" ? null : isNaN(Number(value)) ? value : Number(value);
    };
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => {
      // What has no value stays below.
      if (a === null || b === null) return (a === null) - (b === null);
      const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
      return up ? order : -order;
    });
    body.append(...rows.map(([, row]) => row));
  });
}
// Figures tell the value that is pointed at, or stepped to by the arrow keys, and show a part that is dragged over.
for (const figure of document.querySelectorAll(".figure")) {
  const spots = JSON.parse(figure.querySelector("script").textContent);
  const said = figure.parentNode.querySelector("[aria-live]");
  const size = figure.dataset.size.split(" ").map(Number);
  let view = [0, 0, ...size], at = -1, from = null;
  const make = (name) => Object.assign(document.createElement("div"), { className: name, hidden: true });
  const [dot, value, box] = ["dot", "value", "box"].map(make);
  figure.append(dot, value, box);
  const svg = figure.querySelector("svg");
  const place = ([x, y]) => { const k = svg.getBoundingClientRect().width / view[2]; return [(x - view[0]) * k, (y - view[1]) * k]; };
  const hide = () => { dot.hidden = value.hidden = true; at = -1; };
  const show = (index, speak) => {
    at = index;
    const [x, y] = place(spots[index]);
    Object.assign(dot.style, { left: x + "px", top: y + "px" });
    value.textContent = spots[index][2];
    const right = x > figure.clientWidth / 2;
    Object.assign(value.style, { left: right ? "" : x + 12 + "px", right: right ? figure.clientWidth - x + 12 + "px" : "", top: Math.max(0, y - 34) + "px" });
    dot.hidden = value.hidden = false;
    if (speak) said.textContent = spots[index][2];
  };
  const zoom = (next) => {
    view = next;
    svg.setAttribute("viewBox", view.map((v) => v * 10).join(" "));
    hide();
  };
  const inside = (event) => { const r = svg.getBoundingClientRect(); return [event.clientX - r.left, event.clientY - r.top]; };
  figure.addEventListener("pointermove", (event) => {
    const [x, y] = inside(event);
    if (from) {
      Object.assign(box.style, { left: Math.min(x, from[0]) + "px", top: 0, width: Math.abs(x - from[0]) + "px", height: "100%" });
      box.hidden = Math.abs(x - from[0]) < 8;
    }
    let best = -1, least = 900;
    spots.forEach((spot, index) => {
      const [sx, sy] = place(spot), d = (sx - x) ** 2 + (sy - y) ** 2;
      if (d < least) [best, least] = [index, d];
    });
    if (best < 0) hide(); else show(best, false);
  });
  figure.addEventListener("pointerleave", () => { hide(); box.hidden = true; from = null; });
  figure.addEventListener("pointerdown", (event) => { if (event.pointerType === "mouse") from = inside(event); });
  figure.addEventListener("pointerup", (event) => {
    if (from) {
      const [x, y] = inside(event), k = svg.getBoundingClientRect().width / view[2];
      const width = Math.abs(x - from[0]) / k, height = (width * size[1]) / size[0];
      const top = Math.max(0, Math.min(size[1] - height, view[1] + y / k - height / 2));
      if (width * k > 24) zoom([view[0] + Math.min(x, from[0]) / k, top, width, height]);
    }
    from = null;
    box.hidden = true;
  });
  figure.addEventListener("dblclick", () => zoom([0, 0, ...size]));
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20 }[event.key];
    if (event.key === "Escape") zoom([0, 0, ...size]);
    else if (step && spots.length) { event.preventDefault(); show(Math.max(0, Math.min(spots.length - 1, at < 0 ? 0 : at + step)), true); }
  });
}
