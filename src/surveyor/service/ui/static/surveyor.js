// The little that a page does by itself: send a file with progress, let a live chart grow between events, follow the log.
"use strict";

const words = (ms) => ms < 1000 ? `${Math.round(ms)} ms` : ms < 60000 ? `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s` : ms < 3600000 ? `${Math.floor(ms / 60000)} min ${Math.floor(ms / 1000) % 60} s` : `${Math.floor(ms / 3600000)} h ${Math.floor(ms / 60000) % 60} min`;
const round = (ms) => ms < 1000 || ms >= 60000 ? words(ms).replace(/ 0 s$| 0 min$/, "") : `${ms / 1000} s`;
const size = (n) => { const u = ["B", "kB", "MB", "GB", "TB"]; let i = 0; while (n >= 1000 && i < u.length - 1) { n /= 1000; i++; } return `${n < 10 && i ? n.toFixed(1) : Math.round(n)} ${u[i]}`; };

// --- sending a file -------------------------------------------------------------------------------------------------
function upload(side) {
  const input = side.querySelector("input[type=file]"), drop = side.querySelector("[data-drop]");
  const sending = side.querySelector("[data-sending]"), wrong = side.querySelector("[data-wrong]"), bar = side.querySelector("progress");
  let request = null;
  const settle = (message) => {
    request = null; sending.hidden = true; drop.hidden = false; input.value = "";
    wrong.hidden = !message; wrong.textContent = message || "";
  };
  const show = (sent, total) => {
    bar.value = total ? (sent / total) * 100 : 100;
    side.querySelector("[data-amount]").textContent = sent < total ? `${size(sent)} of ${size(total)}` : "Storing…";
  };
  const send = (file) => {
    if (request || !file) return;
    const limit = Number(side.dataset.limit);
    if (file.size > limit) return settle(`${file.name} is ${size(file.size)}; the limit here is ${size(limit)}.`);
    wrong.hidden = true; drop.hidden = true; sending.hidden = false;
    side.querySelector("[data-name]").textContent = file.name;
    show(0, file.size);
    request = new XMLHttpRequest();
    const asked = new URLSearchParams({ filename: file.name });
    for (const field of side.querySelectorAll("[data-choice]")) if (field.value.trim()) asked.set(field.dataset.choice, field.value.trim());
    request.open("POST", `${side.dataset.upload}?${asked}`);
    request.setRequestHeader("x-csrf-token", side.dataset.csrf);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (e) => show(e.loaded, file.size);
    request.onload = () => {
      if (request.status === 202 && request.response) return location.assign(request.response.data.href);
      settle(request.response?.error?.message || `The server answered ${request.status}.`);
    };
    request.onerror = () => settle("The connection was lost before the file was stored. Nothing was kept.");
    request.onabort = () => settle("");
    request.send(file);
  };
  input.disabled = false;
  input.addEventListener("change", () => send(input.files[0]));
  side.querySelector("[data-stop]").addEventListener("click", () => request?.abort());
  // the whole page takes a drop, so that a near miss does not make the browser open the file
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) document.addEventListener(type, (e) => {
    if (!e.dataTransfer?.types.includes("Files")) return;
    e.preventDefault();
    drop.classList.toggle("over", type === "dragover" || type === "dragenter");
    if (type === "drop") send(e.dataTransfer.files[0]);
  });
}

// --- a live chart grows between events ------------------------------------------------------------------------------
// its axis is drawn anew whenever the time has outgrown it: bars and scale share one "now", so they never disagree
const seen = new WeakMap();
const shape = (name, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};
function scale(chart, now) {
  const steps = chart.dataset.steps.split(" ").map(Number), step = steps.find((s) => now / s <= Number(chart.dataset.most)) ?? steps.at(-1);
  const ends = [];
  for (let ms = step; ms < now; ms += step) ends.push(ms);
  if (chart.dataset.drawn === `${step} ${ends.length}`) return;
  chart.dataset.drawn = `${step} ${ends.length}`;
  const main = (i) => ends.length < 3 ? i === 0 : ends.length < 5 ? i % 2 === 1 : i === 2;
  const sections = [...ends.map((ms) => ({ "data-from": ms - step, "data-to": ms })), { "data-from": ends.length * step }];
  chart.querySelector(".scale").replaceChildren(
    ...sections.map((from, i) => shape("rect", { class: i % 2 ? "open" : "full", y: 1, height: 4, ...from })),
    ...ends.map((ms, i) => shape("text", { class: main(i) ? "main" : "", x: 0, y: 18, "text-anchor": "middle", "data-at": ms }, round(ms))),
    shape("text", { x: 0, y: 18 }, "0"));
  for (const track of chart.querySelectorAll(".track")) {
    for (const line of track.querySelectorAll(".grid")) line.remove();
    track.prepend(...ends.map((ms) => shape("line", { class: "grid", x1: 0, x2: 0, y1: -3, y2: 21, "data-at": ms })));
  }
}
function grow() {
  const chart = document.querySelector("[data-chart][data-live]");
  if (!chart) return;
  if (!seen.has(chart)) seen.set(chart, performance.now());
  const now = Math.max(Number(chart.dataset.total) + performance.now() - seen.get(chart), 1);
  const share = (ms) => Math.min((Number(ms) / now) * 100, 100);
  scale(chart, now);
  for (const r of chart.querySelectorAll("rect[data-from]")) {
    const to = r.hasAttribute("data-to") ? Number(r.dataset.to) : now;
    r.setAttribute("x", `${share(r.dataset.from)}%`);
    r.setAttribute("width", `${Math.max(share(to) - share(r.dataset.from), r.closest(".scale") ? 0 : 0.4)}%`);
  }
  for (const e of chart.querySelectorAll("[data-at]")) for (const name of ["x", "x1", "x2", "cx"]) if (e.hasAttribute(name)) e.setAttribute(name, `${share(e.dataset.at)}%`);
  for (const e of chart.querySelectorAll(".scale [data-at]")) e.toggleAttribute("hidden", share(e.dataset.at) > Number(chart.dataset.last));
  for (const e of chart.querySelectorAll("[data-since]")) e.textContent = words(now - Number(e.dataset.since));
  for (const e of chart.parentElement.querySelectorAll("[data-elapsed]")) e.textContent = words(now);
}

// --- the log follows its end unless somebody reads further up ---------------------------------------------------------
function follow(log) {
  let end = true;
  log.addEventListener("scroll", () => { end = log.scrollHeight - log.scrollTop - log.clientHeight < 24; });
  new MutationObserver(() => { if (end) log.scrollTop = log.scrollHeight; }).observe(log, { childList: true });
  log.scrollTop = log.scrollHeight;
}

// --- a finding that somebody reads stays open, and keeps the focus, when the live list is drawn anew -------------------
// rows have no id: those of elements that have one, htmx sets back to what the server sent once a swap has settled
function keep(list) {
  const open = new Set(), row = (key) => list.querySelector(`[data-finding="${key}"]`);
  let focused = null;
  // a click, not "toggle": that comes later, and the list may have been drawn anew by then
  list.addEventListener("click", (e) => {
    const clicked = e.target.closest("summary")?.closest("details.finding");
    if (clicked) clicked.open ? open.delete(clicked.dataset.finding) : open.add(clicked.dataset.finding);
  });
  list.addEventListener("focusin", (e) => { focused = e.target.closest("details.finding")?.dataset.finding ?? null; });
  document.addEventListener("focusin", (e) => { if (!list.contains(e.target)) focused = null; });
  new MutationObserver(() => {
    for (const key of open) row(key)?.setAttribute("open", "");
    if (focused && document.activeElement === document.body) row(focused)?.querySelector("summary").focus({ preventScroll: true });
  }).observe(list, { childList: true });
}

document.querySelectorAll("#findings").forEach(keep);
document.querySelectorAll("[data-upload]").forEach(upload);
document.querySelectorAll(".log").forEach(follow);
document.querySelectorAll("form[data-auto]").forEach((form) => form.addEventListener("change", (e) => { if (e.target.matches("input[type=radio], select")) form.requestSubmit(); }));
if (document.querySelector("[data-chart][data-live]")) setInterval(grow, 100);
