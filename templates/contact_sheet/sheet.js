/* The page: what is shown, in which order, and at which threshold. */

const page = document.body.dataset;
const given = Number(page.threshold), minArea = Number(page.minArea), maxOverlap = Number(page.maxOverlap);
const find = (name) => document.getElementById(name);
const cards = [...document.querySelectorAll(".card")].map(cardOf);
const colours = Uint8Array.from(atob(page.colours), (letter) => letter.charCodeAt(0));
const state = { threshold: given, name: "", order: "given", heatmap: false };

function cardOf(element, order) {
  const { name, width, height } = element.dataset;
  const rows = element.querySelectorAll(".classes > li[data-class]");
  const lines = [...element.querySelectorAll(".lines")].reverse(); // the most probable class lies on top
  const scores = [...element.querySelectorAll(".scores")].reverse();
  const classes = [...rows].map((row, place) => classOf(row, lines[place], scores[place]));
  return { element, order, name, width: Number(width), height: Number(height), classes, at: given, near: false, picked: null };
}

function classOf(row, lines, scores) {
  const { grid, columns, rows, low, probability } = row.dataset;
  const map = grid ? readMap(grid, Number(columns), Number(rows), Number(low), Number(page.levels)) : null;
  const boxes = [...lines.children].map((box) => {
    const [xmin, ymin, xmax, ymax] = box.dataset.box.split(" ").map(Number);
    return { xmin, ymin, xmax, ymax, score: Number(box.dataset.score) };
  });
  return { row, lines, scores, name: row.dataset.class, probability: Number(probability), map, boxes, given: boxes };
}

/* ------------------------------------------------------------------------------------------------- the boxes */

/** Finds and draws the boxes of a photo at the threshold of the moment. */
function refresh(card) {
  if (card.at === state.threshold) return;
  card.at = state.threshold;
  for (const one of card.classes) {
    one.boxes = state.threshold === given ? one.given : boxesOf(card, one);
    one.lines.replaceChildren(...one.boxes.map((box) => lineOf(box, one.name)));
    one.scores.replaceChildren(...one.boxes.map(scoreOf));
    one.row.querySelector(".count").textContent = `${one.boxes.length} ${one.boxes.length === 1 ? "box" : "boxes"}`;
  }
  card.element.dataset.threshold = state.threshold;
  writeCoordinates(card);
}

function boxesOf(card, one) {
  if (!one.map) return [];
  return detect(one.map, card.width, card.height, one.probability, state.threshold, minArea, maxOverlap);
}

function lineOf(box, name) {
  const { xmin, ymin, xmax, ymax, score } = box, element = placed("box", box);
  element.dataset.box = `${xmin} ${ymin} ${xmax} ${ymax}`;
  element.dataset.score = short(score);
  element.querySelector("title").textContent = `${name}, score ${score.toFixed(2)}: x ${xmin} to ${xmax}, y ${ymin} to ${ymax}`;
  return element;
}

function scoreOf(box) {
  const element = placed("score", box);
  element.querySelector("text").textContent = box.score.toFixed(2);
  return element;
}

/** A copy of the template's element, over a box. */
function placed(name, { xmin, ymin, xmax, ymax }) {
  const element = find(name).content.querySelector("svg").cloneNode(true);
  const numbers = { x: xmin - 1, y: ymin - 1, width: xmax - xmin + 1, height: ymax - ymin + 1 };
  for (const [key, value] of Object.entries(numbers)) element.setAttribute(key, value);
  return element;
}

/** A score with six significant digits, as the program writes it. */
function short(score) {
  return Number(score.toPrecision(6));
}

function writeCoordinates(card) {
  if (!card.element.querySelector("details").open) return;
  const rows = shownClasses(card).flatMap((one) => one.boxes.map((box) => rowOfBox(box, one.name)));
  card.element.querySelector("tbody").replaceChildren(...rows);
}

function rowOfBox(box, name) {
  const row = find("row").content.querySelector("tr").cloneNode(true);
  const texts = [name, box.xmin, box.ymin, box.xmax, box.ymax, box.score.toFixed(3)];
  texts.forEach((text, place) => (row.children[place].textContent = text));
  return row;
}

/* ---------------------------------------------------------------------------------------------- the heatmap */

/** Lays the map of the first class that is shown over a photo, in the colours of step 1's overlay. */
function paint(card) {
  const old = card.element.querySelector(".photo canvas");
  const one = state.heatmap ? shownClasses(card)[0] : undefined;
  if (old && card.painted === one) return;
  if (old) old.remove();
  if (one) card.element.querySelector(".photo img").after(heatmapOf(one, card));
  card.painted = one;
}

function heatmapOf(one, card) {
  const canvas = document.createElement("canvas"), scale = Math.min(1, 200 / Math.max(card.width, card.height));
  canvas.width = Math.max(1, Math.round(card.width * scale));
  canvas.height = Math.max(1, Math.round(card.height * scale));
  const context = canvas.getContext("2d"), picture = context.createImageData(canvas.width, canvas.height);
  const values = upsampled(one.map, canvas.width, canvas.height);
  const peak = values.reduce((most, value) => Math.max(most, value), 0);
  values.forEach((value, pixel) => colour(picture.data, pixel, peak > 0 ? Math.max(value, 0) / peak : 0));
  context.putImageData(picture, 0, 0);
  return canvas;
}

function upsampled(map, width, height) {
  const values = new Float64Array(width * height);
  if (!map) return values;
  const horizontal = axisOf(map.columns, width), vertical = axisOf(map.rows, height);
  for (let y = 0; y < height; y++) {
    const row = rowOf(map, vertical, y);
    for (let x = 0; x < width; x++) values[y * width + x] = valueAt(row, horizontal, x);
  }
  return values;
}

function colour(data, pixel, share) {
  const level = 3 * Math.round(255 * share);
  data.set([colours[level], colours[level + 1], colours[level + 2], 255], 4 * pixel);
}

function paintScale() {
  const context = find("scale").getContext("2d"), picture = context.createImageData(256, 1);
  for (let level = 0; level < 256; level++) colour(picture.data, level, level / 255);
  context.putImageData(picture, 0, 0);
}

/* ---------------------------------------------------------------------------------------------- what is shown */

/** The classes of a photo that are shown: the one that was picked in it, or the filter's, or all. */
function shownClasses(card) {
  const passing = card.classes.filter((one) => !state.name || one.name === state.name);
  return passing.includes(card.picked) ? [card.picked] : passing;
}

function isShown(card) {
  return !state.name || card.classes.some((one) => one.name === state.name);
}

function showClasses(card) {
  const shown = shownClasses(card);
  for (const one of card.classes) {
    one.row.hidden = Boolean(state.name) && one.name !== state.name;
    for (const group of [one.lines, one.scores]) group.style.display = shown.includes(one) ? "" : "none";
    if (one.button) one.button.setAttribute("aria-pressed", one === card.picked);
  }
  writeCoordinates(card);
  if (card.near) paint(card);
}

function filter() {
  for (const card of cards) {
    card.element.hidden = !isShown(card);
    showClasses(card);
  }
}

/** The best score of a photo's boxes; a photo without any comes last. */
function bestScore(card) {
  return Math.max(-1, ...shownClasses(card).flatMap((one) => one.boxes.map((box) => box.score)));
}

const ORDERS = {
  given: () => 0,
  surest: (a, b) => bestScore(b) - bestScore(a),
  unsure: (a, b) => bestScore(a) - bestScore(b),
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
};

function sort() {
  const sorted = [...cards].sort((a, b) => ORDERS[state.order](a, b) || a.order - b.order);
  const now = [...find("cards").children];
  if (sorted.some((card, place) => card.element !== now[place])) find("cards").append(...sorted.map((card) => card.element));
}

function count() {
  const shown = cards.filter(isShown);
  const boxes = shown.reduce((sum, card) => sum + shownClasses(card).reduce((all, one) => all + one.boxes.length, 0), 0);
  const without = shown.filter((card) => bestScore(card) < 0).length;
  find("shown").textContent =
    `${shown.length} of ${cards.length} photos, ${boxes} ${boxes === 1 ? "box" : "boxes"}` + (without ? `, ${without} without a box` : "");
}

/* ---------------------------------------------------------------------------------------------------- copying */

/** What is shown, as in `boxes.json`. */
function asJson() {
  const photos = cards.filter(isShown).map((card) => ({
    file: card.name,
    size: [card.width, card.height],
    classes: shownClasses(card).map(({ name, probability, boxes }) => ({ name, probability, boxes: boxes.map(numbersOf) })),
  }));
  return JSON.stringify({ threshold: state.threshold, photos }, null, 1);
}

/** A line a box, as in `boxes.csv`. */
function asCsv() {
  const lines = [["file", "width", "height", "class", "probability", "xmin", "ymin", "xmax", "ymax", "score"]];
  for (const card of cards.filter(isShown)) {
    for (const { name, probability, boxes } of shownClasses(card)) {
      for (const box of boxes) lines.push([card.name, card.width, card.height, name, probability, ...numbersOf(box)]);
    }
  }
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${String(text).replaceAll('"', '""')}"` : text);
  return lines.map((line) => line.map(cell).join(",") + "\n").join("");
}

function numbersOf({ xmin, ymin, xmax, ymax, score }) {
  return [xmin, ymin, xmax, ymax, short(score)];
}

async function copy(kind, text) {
  cards.forEach(refresh);
  try {
    await navigator.clipboard.writeText(text());
    find("shown").textContent = `Copied the boxes at the threshold ${state.threshold} as ${kind}.`;
  } catch {
    // Some browsers give a page from a file no clipboard.
    const area = find("text").querySelector("textarea");
    area.value = text();
    find("text").showModal();
    area.select();
  }
}

/* ----------------------------------------------------------------------------------------------- the controls */

let frame = 0, timer = 0;

/** Moves the threshold: the photos in view follow at once, the others when the slider rests. */
function move(threshold) {
  state.threshold = threshold;
  find("value").textContent = threshold;
  find("reset").disabled = threshold === given;
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    cards.filter((card) => card.near).forEach(refresh);
    clearTimeout(timer);
    timer = setTimeout(refreshOthers, 100);
  });
}

/** Refreshes photo after photo for a hundredth of a second, and goes on when the browser has drawn. */
function refreshOthers() {
  const end = performance.now() + 10;
  for (const card of cards) {
    if (performance.now() > end) {
      timer = setTimeout(refreshOthers, 0);
      return;
    }
    refresh(card);
  }
  settle();
}

/** Counts, and keeps the state in the address, so that a reload or a link shows the same. */
function settle() {
  count();
  const address = new URLSearchParams();
  if (state.threshold !== given) address.set("threshold", state.threshold);
  if (state.name) address.set("class", state.name);
  if (state.order !== "given") address.set("order", state.order);
  if (state.heatmap) address.set("heatmap", "1");
  if (!location.hash.includes("=") && !address.size) return;
  try {
    history.replaceState(null, "", `#${address}`);
  } catch {
    // Not every browser lets a page from a file change its address.
  }
}

/** Takes the state from the address: `#threshold=0.4&class=dog&order=surest&heatmap=1`. */
function readAddress() {
  const address = new URLSearchParams(location.hash.slice(1)), threshold = Number(address.get("threshold") ?? given);
  find("class").value = address.get("class") ?? "";
  find("order").value = address.get("order") ?? "given";
  if (!find("class").value) find("class").value = "";
  if (!find("order").value) find("order").value = "given";
  find("heatmap").checked = address.get("heatmap") === "1";
  state.threshold = threshold > 0 && threshold <= 1 ? threshold : given;
  find("threshold").value = state.threshold;
  cards.forEach(refresh);
  move(state.threshold);
  choose();
}

/** Shows what the controls say. */
function choose() {
  state.name = find("class").value;
  state.order = find("order").value;
  state.heatmap = find("heatmap").checked;
  cards.forEach(refresh);
  filter();
  sort();
  settle();
}

function pickable(card) {
  for (const one of card.classes) {
    one.button = document.createElement("button");
    one.button.type = "button";
    one.button.className = "name";
    one.button.textContent = one.name;
    one.button.title = `Show only ${one.name} in this photo`;
    one.button.addEventListener("click", () => {
      card.picked = card.picked === one ? null : one;
      showClasses(card);
      count();
    });
    one.row.querySelector(".name").replaceWith(one.button);
  }
}

function begin() {
  document.documentElement.classList.add("scripted");
  paintScale();
  document.querySelector(".controls").hidden = false;
  cards.filter((card) => card.classes.length > 1).forEach(pickable);
  for (const card of cards) card.element.querySelector("details").addEventListener("toggle", () => writeCoordinates(card));
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const card = cards.find((one) => one.element === target);
        card.near = isIntersecting;
        if (isIntersecting) {
          refresh(card);
          paint(card);
        }
      }
    },
    { rootMargin: "300px" },
  );
  cards.forEach((card) => observer.observe(card.element));
  find("threshold").addEventListener("input", (event) => move(Number(event.target.value)));
  find("threshold").addEventListener("change", choose);
  find("reset").addEventListener("click", () => {
    find("threshold").value = given;
    move(given);
    choose();
  });
  for (const name of ["class", "order", "heatmap"]) find(name).addEventListener("change", choose);
  find("json").addEventListener("click", () => copy("JSON", asJson));
  find("csv").addEventListener("click", () => copy("CSV", asCsv));
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", readAddress);
  readAddress();
}

if (cards.length) begin();
