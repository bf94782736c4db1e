/* The photos of the page: their boxes at the threshold of the moment, and their heatmaps. */

const given = page.threshold === "" ? null : Number(page.threshold), minArea = Number(page.minArea), maxOverlap = Number(page.maxOverlap);
const cards = [...document.querySelectorAll(".card")].map((element) => cardOf(element));
const state = { threshold: given, name: "", order: "given", heatmap: false };

function cardOf(element) {
  const { name, width, height } = element.dataset;
  const rows = element.querySelectorAll(".classes > li[data-class]");
  const lines = [...element.querySelectorAll(".lines")].reverse(); // the most probable class lies on top
  const scores = [...element.querySelectorAll(".scores")].reverse();
  const classes = [...rows].map((row, place) => classOf(row, lines[place], scores[place]));
  return { element, name, width: Number(width), height: Number(height), classes, at: given, near: false, picked: null };
}

function classOf(row, lines, scores) {
  const boxes = [...lines.children].map((box) => {
    const [xmin, ymin, xmax, ymax] = box.dataset.box.split(" ").map(Number);
    return { xmin, ymin, xmax, ymax, score: Number(box.dataset.score) };
  });
  return { row, lines, scores, name: row.dataset.class, probability: Number(row.dataset.probability), map: readMap(row.dataset), boxes, given: boxes };
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
  const texts = [name, box.xmin, box.ymin, box.xmax, box.ymax, box.score.toFixed(2)];
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
  if (one) card.element.querySelector(".photo img").after(heatmapOf(one.map, card.width, card.height));
  card.painted = one;
}

function paintScale() {
  const context = find("scale").getContext("2d"), picture = context.createImageData(256, 1);
  for (let level = 0; level < 256; level++) picture.data.set(colourOf(level / 255), 4 * level);
  context.putImageData(picture, 0, 0);
}
