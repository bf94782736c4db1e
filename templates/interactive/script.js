"use strict";
/* Maps, boxes and sliders of the contact sheet and of the report; what the report alone does comes last. */

const page = document.body.dataset, leastScore = Number(page.least);
const find = (name) => document.getElementById(name);
const colours = Uint8Array.from(atob(page.colours ?? ""), (letter) => letter.charCodeAt(0));

/* A map at the photo's size, as step 3 stretches it. */

/** Reads an embedded map: two grids of 8 bits, the high bytes and the low ones. The unit is the map's maximum. */
function readMap({ grid, columns, rows, low }) {
  if (!grid) return null;
  const bytes = Uint8Array.from(atob(grid), (letter) => letter.charCodeAt(0)), cells = columns * rows;
  const from = Number(low), step = (1 - from) / page.levels;
  const values = Float64Array.from({ length: cells }, (_, cell) => from + step * (256 * bytes[cell] + bytes[cells + cell]));
  return { values, columns: Number(columns), rows: Number(rows), step };
}

/** Where the centres of `pixels` pixels lie on `cells` cells (`align_corners=False`), and each piece's first pixel. */
function axisOf(cells, pixels, shift = 0) {
  const cell = new Int32Array(pixels), fraction = new Float64Array(pixels), starts = [];
  for (let pixel = 0; pixel < pixels; pixel++) {
    const place = Math.min(Math.max(((pixel + 0.5) * cells) / pixels - 0.5 + shift * cells, 0), cells - 1);
    cell[pixel] = Math.floor(place);
    fraction[pixel] = place - cell[pixel];
    if (pixel === 0 || cell[pixel] !== cell[pixel - 1]) starts.push(pixel);
  }
  return { cell, fraction, starts, cells, pixels };
}

/** The value between two, which is exactly theirs where they are equal. */
const between = (first, second, fraction) => first + (second - first) * fraction;

/** The map at the height of a row of pixels, at the centres of the columns of cells. */
function rowOf({ values, columns }, vertical, y) {
  const above = vertical.cell[y] * columns, below = Math.min(vertical.cell[y] + 1, vertical.cells - 1) * columns;
  const row = new Float64Array(columns);
  for (let x = 0; x < columns; x++) row[x] = between(values[above + x], values[below + x], vertical.fraction[y]);
  return row;
}

/** The map at a pixel of such a row. */
function valueAt(row, horizontal, x) {
  const cell = horizontal.cell[x];
  return between(row[cell], row[Math.min(cell + 1, horizontal.cells - 1)], horizontal.fraction[x]);
}

/** The IoU of two boxes whose ends are both inside. */
function overlapOf(a, b) {
  const width = Math.min(a.xmax, b.xmax) - Math.max(a.xmin, b.xmin) + 1;
  const height = Math.min(a.ymax, b.ymax) - Math.max(a.ymin, b.ymin) + 1;
  const area = (box) => (box.xmax - box.xmin + 1) * (box.ymax - box.ymin + 1);
  const intersection = Math.max(width, 0) * Math.max(height, 0);
  return intersection / (area(a) + area(b) - intersection);
}

/** A copy of a template's element, over a box. */
function placed(name, { xmin, ymin, xmax, ymax, score, difficult }) {
  const element = find(name).content.querySelector("svg").cloneNode(true);
  const numbers = { x: xmin - 1, y: ymin - 1, width: xmax - xmin + 1, height: ymax - ymin + 1 };
  for (const [key, value] of Object.entries(numbers)) element.setAttribute(key, value);
  element.classList.toggle("faint", score < leastScore);
  element.classList.toggle("difficult", Boolean(difficult));
  return element;
}

function scoreOf(box) {
  const element = placed("score", box);
  element.querySelector("text").textContent = box.score.toFixed(2);
  return element;
}

/** A canvas in which each pixel has the colour of the map's share of its maximum there. */
function painted(map, width, height, most, [dx, dy], colourOf) {
  const canvas = document.createElement("canvas"), scale = Math.min(1, most / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d"), picture = context.createImageData(canvas.width, canvas.height);
  const horizontal = map && axisOf(map.columns, canvas.width, dx), vertical = map && axisOf(map.rows, canvas.height, dy);
  const values = new Float64Array(canvas.width * canvas.height);
  for (let y = 0, pixel = 0; map && y < canvas.height; y++) {
    const row = rowOf(map, vertical, y);
    for (let x = 0; x < canvas.width; x++) values[pixel++] = Math.max(valueAt(row, horizontal, x), 0);
  }
  const peak = values.reduce((highest, value) => Math.max(highest, value), 0) || 1;
  values.forEach((value, pixel) => picture.data.set(colourOf(value / peak), 4 * pixel));
  context.putImageData(picture, 0, 0);
  return canvas;
}

/** A map in the colours of step 1's overlay; the page's shift is taken out of it. */
const heatmapOf = (map, width, height) => painted(map, width, height, 200, page.shift.split(" ").map(Number), colourOf);

function colourOf(share) {
  const level = 3 * Math.round(255 * share);
  return [colours[level], colours[level + 1], colours[level + 2], 255];
}

/** Lets a range with its output and its button call `show(value)`; returns what says a value on them. */
function slider(input, given, show, text = String) {
  const [output, reset] = ["output", "button"].map((name) => input.parentElement.querySelector(name));
  input.addEventListener("input", () => show(Number(input.value)));
  reset.addEventListener("click", () => {
    show(given);
    input.focus();
    input.dispatchEvent(new Event("change"));
  });
  return (value) => {
    input.value = value;
    output.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
    reset.disabled = value === given;
  };
}

/** Step 4: 1 where a box, the surest first, finds an object, 0 where none, -1 where none but a difficult one. */
function judged(boxes, objects, least) {
  const free = objects.filter(({ difficult }) => !difficult);
  return boxes.map((box) => {
    const overlaps = free.map((object) => overlapOf(box, object)), best = Math.max(...overlaps);
    if (best > least) free.splice(overlaps.indexOf(best), 1);
    return best > least ? 1 : objects.some((object) => object.difficult && overlapOf(box, object) > least) ? -1 : 0;
  });
}

/** Walks down the list of claims [score, outcome]; equal scores are one step. */
function curveOf(claims, objects) {
  const counted = claims.filter(([, outcome]) => outcome >= 0).sort((a, b) => b[0] - a[0]), steps = [];
  let found = 0;
  counted.forEach(([score, outcome], place) => {
    found += outcome;
    if (counted[place + 1]?.[0] === score) return;
    steps.push({ found, claimed: place + 1, precision: found / (place + 1), recall: found / Math.max(objects, 1) });
  });
  return steps;
}

/** The area below the interpolated curve, or the mean of its eleven points. */
function averagePrecision(steps, eleven) {
  const best = steps.map(({ precision }) => precision), sum = (values) => values.reduce((all, value) => all + value, 0);
  for (let i = best.length - 2; i >= 0; i--) best[i] = Math.max(best[i], best[i + 1]);
  if (!eleven) return sum(best.map((height, i) => (steps[i].recall - (i && steps[i - 1].recall)) * height));
  const first = (level) => steps.findIndex(({ recall }) => recall >= level / 10 - 1e-9);
  return sum([...Array(11).keys()].map((level) => best[first(level)] ?? 0)) / 11;
}

/* The report: its photos are given with their boxes at every threshold. */

const percent = (share) => (Number.isFinite(share) ? `${(100 * share).toFixed(1)}%` : "–");

/** Writes texts where `data-value` names them. */
function write(parent, texts) {
  for (const [name, text] of Object.entries(texts)) parent.querySelector(`[data-value="${name}"]`).textContent = text;
}

function beginReport(data) {
  const boxOf = ([xmin, ymin, xmax, ymax, score]) => ({ xmin, ymin, xmax, ymax, score });
  for (const photo of data.photos) {
    photo.boxes = photo.boxes.map((rows) => rows.map(boxOf));
    photo.objects = photo.objects.map(({ box, difficult }) => ({ ...boxOf(box), difficult }));
  }
  const all = (name) => [...document.querySelectorAll(name)], large = find("large"), sum = (values) => values.reduce((a, b) => a + b, 0);
  const chosen = data.thresholds.indexOf(data.chosen), state = { place: chosen };
  const groups = all("[data-group]").map((block) => [block, data.groups[block.dataset.group].map((number) => data.photos[number])]);
  const says = all("[name=threshold]").map((input) =>
    slider(input, chosen, (place) => show({ place }), (place) => data.thresholds[place]),
  );

  /** Shows the boxes of the threshold of the moment, and how good they are. */
  function show(change) {
    Object.assign(state, change);
    for (const say of says) say(state.place);
    for (const [block, photos] of groups) {
      photos.forEach((photo, place) => fill(block.querySelectorAll("li")[place], photo));
      const overlaps = photos.flatMap(overlapsOf), objects = photos.flatMap((photo) => photo.objects);
      write(block, { iou: overlaps.length ? (sum(overlaps) / overlaps.length).toFixed(2) : "–" });
      const claimsAt = (iou) => photos.flatMap((photo) => {
        const boxes = photo.boxes[state.place], outcomes = judged(boxes, photo.objects, iou);
        return boxes.map(({ score }, place) => [score, outcomes[place]]);
      });
      tell(block, claimsAt, objects.filter(({ difficult }) => !difficult).length, (row, iou) =>
        write(row, { test: percent(data.test.ap[iou][state.place]) }),
      );
    }
    if (large.open) enlarge();
  }

  /** The best overlap of each object. */
  function overlapsOf({ objects, boxes }) {
    return objects.map((object) => Math.max(0, ...boxes[state.place].map((box) => overlapOf(box, object))));
  }

  function fill(element, photo) {
    const boxes = photo.boxes[state.place], over = (name, all) => all.map((one) => placed(name, one));
    element.querySelector("svg").replaceChildren(...over("truth", photo.objects), ...over("box", boxes), ...boxes.map(scoreOf));
    const overlaps = overlapsOf(photo).map((overlap) => overlap.toFixed(2)).join(", ");
    write(element, { name: photo.name, overlaps: overlaps ? `IoU ${overlaps}` : `no ${data.target}` });
  }

  /** Writes a row for each IoU. */
  function tell(block, claimsAt, objects, more) {
    for (const row of block.querySelectorAll("[data-iou]")) {
      const { iou } = row.dataset, steps = curveOf(claimsAt(iou), objects), { found, claimed, precision } = steps.at(-1) ?? { found: 0, claimed: 0 };
      const ap = percent(objects ? averagePrecision(steps, data.eleven) : NaN), of = (share, count) => `${percent(share)} (${found} of ${count})`;
      write(row, { ap, precision: of(precision, claimed), recall: of(found / objects, objects) });
      more(row, iou, steps);
    }
  }

  function enlarge() {
    const [width, height] = state.photo.size, svg = large.querySelector("svg"), map = readMap(state.photo.map);
    const dark = (share) => [16, 19, 26, share < data.thresholds[state.place] - 1e-5 ? 200 : 0];
    fill(large, state.photo);
    large.querySelector("img").src = state.source;
    svg.parentElement.style.setProperty("--ratio", width / height);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("font-size", (14 * width) / svg.parentElement.offsetWidth);
    for (const canvas of large.querySelectorAll("canvas")) canvas.remove();
    svg.before(heatmapOf(map, width, height), painted(map, width, height, 500, [0, 0], dark));
  }

  /** Cuts the list of test's boxes at a confidence. */
  function cut(confidence) {
    const { scores, outcomes, objects } = data.claims, block = find("confidence").closest(".interactive");
    const claimsAt = (iou) => scores.map((score, place) => [score, outcomes[iou][place]]).filter(([score]) => score >= confidence);
    sayConfidence(confidence);
    tell(block, claimsAt, objects, (row, iou, steps) => {
      const points = steps.map(({ recall, precision }) => `${100 * recall} ${100 - 100 * precision}`);
      find(`line-${iou}`).setAttribute("d", points.length ? `M${points.join("L")}` : "");
      find(`point-${iou}`).setAttribute("transform", `translate(${points.at(-1) ?? "0 -9"})`);
    });
  }

  const sayConfidence = slider(find("confidence"), 0, cut, (value) => value.toFixed(2));
  for (const [block, photos] of groups) {
    block.querySelectorAll("button.plate").forEach((button, place) => button.addEventListener("click", () => {
      large.showModal();
      show({ photo: photos[place], source: button.querySelector("img").src });
    }));
  }
  for (const block of all(".interactive")) block.hidden = false;
  show({});
  cut(0);
}

if (find("interactive")) beginReport(JSON.parse(find("interactive").textContent));
