/* Step 3 of the course in the browser: from a map on its grid to scored boxes, see lessons/step3_boxes.py.

   OpenCV fills in every pixel of the photo. Here a row of pixels is cut where it crosses a cell's centre: between two
   centres the bilinear map rises or falls without a turn, so the place where it crosses the threshold is found by
   halving, and a photo of 12 megapixels costs 3000 rows, not 12 million pixels. */

/** The pixels of an axis from `first` to `last` at which the map can be highest: the ends of its pieces. */
function turns(axis, first, last) {
  const found = [first, last];
  for (const start of axis.starts) {
    if (first < start && start <= last) found.push(start - 1, start);
  }
  return found;
}

/** The highest value of the upsampled map in a rectangle of pixels, both ends inside. */
function highest(map, horizontal, vertical, left, top, right, bottom) {
  const columns = turns(horizontal, left, right);
  let found = -Infinity;
  for (const y of turns(vertical, top, bottom)) {
    const row = rowOf(map, vertical, y);
    for (const x of columns) found = Math.max(found, valueAt(row, horizontal, x));
  }
  return found;
}

/** The runs [first, last] of a row's pixels that reach a level. */
function runsOf(row, horizontal, level) {
  const { starts, pixels } = horizontal, runs = [];
  for (let piece = 0; piece < starts.length; piece++) {
    let first = starts[piece], last = (piece + 1 < starts.length ? starts[piece + 1] : pixels) - 1;
    const hotFirst = valueAt(row, horizontal, first) >= level, hotLast = valueAt(row, horizontal, last) >= level;
    if (!hotFirst && !hotLast) continue;
    if (hotFirst !== hotLast) {
      let hot = hotFirst ? first : last, cold = hotFirst ? last : first;
      while (Math.abs(hot - cold) > 1) {
        const middle = (hot + cold) >> 1;
        if (valueAt(row, horizontal, middle) >= level) hot = middle;
        else cold = middle;
      }
      if (hotFirst) last = hot;
      else first = hot;
    }
    const before = runs[runs.length - 1];
    if (before && before.last === first - 1) before.last = last;
    else runs.push({ first, last });
  }
  return runs;
}

/** The connected components (8 neighbours) of the pixels that reach a level, in reading order. */
function islandsOf(map, horizontal, vertical, level) {
  const islands = [];
  const root = (island) => {
    while (island.parent) island = island.parent;
    return island;
  };
  let above = [];
  for (let y = 0; y < vertical.pixels; y++) {
    const runs = runsOf(rowOf(map, vertical, y), horizontal, level);
    let start = 0;
    for (const run of runs) {
      let island = null;
      while (start < above.length && above[start].last < run.first - 1) start++;
      for (let i = start; i < above.length && above[i].first <= run.last + 1; i++) {
        const other = root(above[i].island);
        island = island ? joined(island, other) : other;
      }
      if (!island) islands.push((island = { number: islands.length, left: run.first, top: y, right: 0, bottom: y, area: 0 }));
      island.left = Math.min(island.left, run.first);
      island.right = Math.max(island.right, run.last);
      island.bottom = y;
      island.area += run.last - run.first + 1;
      run.island = island;
    }
    above = runs;
  }
  return islands.filter((island) => !island.parent);
}

/** Makes two islands one, which keeps the place of the earlier. */
function joined(one, other) {
  if (one === other) return one;
  const [kept, gone] = one.number < other.number ? [one, other] : [other, one];
  kept.left = Math.min(kept.left, gone.left);
  kept.right = Math.max(kept.right, gone.right);
  kept.bottom = Math.max(kept.bottom, gone.bottom);
  kept.area += gone.area;
  gone.parent = kept;
  return kept;
}

/** Of two boxes that overlap too much, keeps the one with the better score; the best comes first. */
function suppressed(boxes, maxOverlap) {
  const kept = [];
  for (const box of [...boxes].sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlapOf(box, other) <= maxOverlap)) kept.push(box);
  }
  return kept;
}

/** Step 3's `detect`: boxes in VOC's pixels (1-based, both ends inside) of a photo of `width` x `height` pixels. */
function detect(map, width, height, probability, threshold, minArea, maxOverlap) {
  const horizontal = axisOf(map.columns, width), vertical = axisOf(map.rows, height);
  const peak = highest(map, horizontal, vertical, 0, 0, width - 1, height - 1);
  if (peak <= 0) return [];
  // Rounding moved a cell by half a level at most: a plateau that lies exactly at the threshold is kept, as by `>=`.
  const level = threshold * peak - map.step / 2;
  const boxes = islandsOf(map, horizontal, vertical, level)
    .filter((island) => island.area >= minArea)
    .map(({ left, top, right, bottom }) => ({
      xmin: left + 1,
      ymin: top + 1,
      xmax: right + 1,
      ymax: bottom + 1,
      score: (probability * highest(map, horizontal, vertical, left, top, right, bottom)) / peak,
    }));
  return suppressed(boxes, maxOverlap);
}
