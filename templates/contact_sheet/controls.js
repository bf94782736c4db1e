/* The controls: which photos and classes are shown, in which order, what is copied, and where the threshold is. */

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
  const sorted = [...cards].sort(ORDERS[state.order]); // equal ones stay as given
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
    find("shown").textContent = `Copied the boxes as ${kind}.`;
  } catch {
    // Some browsers give a page from a file no clipboard.
    const area = find("text").querySelector("textarea");
    area.value = text();
    find("text").showModal();
    area.select();
  }
}

/* ----------------------------------------------------------------------------------------------- the controls */

const sayThreshold = find("threshold") && slider(find("threshold"), given, move);
let frame = 0, timer = 0;

/** Moves the threshold: the photos in view follow at once, the others when the slider rests. */
function move(threshold) {
  state.threshold = threshold;
  sayThreshold(threshold);
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
  const address = new URLSearchParams(location.hash.slice(1));
  find("class").value = address.get("class") ?? "";
  find("order").value = address.get("order") ?? "given";
  if (!find("class").value) find("class").value = "";
  if (!find("order").value) find("order").value = "given";
  find("heatmap").checked = address.get("heatmap") === "1";
  if (find("threshold")) {
    const threshold = Number(address.get("threshold"));
    move(threshold > 0 && threshold <= 1 ? threshold : given);
  }
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
  if (find("threshold")) find("threshold").addEventListener("change", choose);
  for (const name of ["class", "order", "heatmap"]) find(name).addEventListener("change", choose);
  find("json").addEventListener("click", () => copy("JSON", asJson));
  find("csv").addEventListener("click", () => copy("CSV", asCsv));
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", readAddress);
  readAddress();
}

if (cards.length) begin();
