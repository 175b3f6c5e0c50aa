// The last 30 seconds of a person: the expression as a band, valence and arousal as lines, a row for each
// action unit.

import { clean } from "./overlay.js";
import { expressionColour, ofStyle } from "./palette.js";
import { shares } from "./share.js";

export const SECONDS = 30;
// What is longer than this between two frames is a gap, and left empty.
const GAP = 1.0;
const LABELS = 44;
const BAND = 14;
const LINES = 52;
const AXIS = 13;

/** Draws `moments`, each with its `time` and `face`, up to the time `now`. */
export function drawTimeline(canvas, moments, now, model) {
  const context = clean(canvas);
  const ink = ofStyle("--faint");
  const width = canvas.clientWidth - LABELS;
  const start = now - SECONDS;
  const x = (time) => LABELS + ((time - start) / SECONDS) * width;
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  const label = (text, y, colour = ink) => {
    context.fillStyle = colour;
    context.fillText(text, 0, y);
  };
  // Each moment lasts until the next one.
  const spans = moments.map((moment, place) => {
    const next = moments[place + 1];
    const end = next && next.time - moment.time <= GAP ? next.time : Math.min(now, moment.time + 0.1);
    return { face: moment.face, left: x(Math.max(start, moment.time)), right: x(end), next: next && end === next.time ? next : null };
  });
  const bottom = canvas.clientHeight - AXIS;
  drawAxis(context, x, start, bottom, ink);
  let y = 0;
  if (model.expressions.length) {
    label("express.", BAND / 2);
    for (const { face, left, right } of spans) {
      if (!face.expression) continue;
      context.fillStyle = expressionColour(face.expression);
      context.fillRect(left, 1, right - left + 0.5, BAND - 2);
    }
    y += BAND + 4;
  }
  if (model.valence_arousal) {
    const [valence, arousal] = [ofStyle("--accent"), ofStyle("--warm")];
    label("valence", y + LINES * 0.3, valence);
    label("arousal", y + LINES * 0.7, arousal);
    context.strokeStyle = ofStyle("--line");
    context.lineWidth = 1;
    for (const level of [0, 0.5, 1]) {
      context.beginPath();
      context.moveTo(LABELS, y + LINES * level);
      context.lineTo(LABELS + width, y + LINES * level);
      context.stroke();
    }
    const height = (value) => y + (LINES * (1 - value)) / 2;
    context.lineWidth = 1.5;
    for (const [key, colour] of [["valence", valence], ["arousal", arousal]]) {
      context.strokeStyle = colour;
      context.beginPath();
      for (const { face, left, right, next } of spans) {
        if (typeof face[key] !== "number") continue;
        context.moveTo(left, height(face[key]));
        context.lineTo(right, height(next?.face[key] ?? face[key]));
      }
      context.stroke();
    }
    y += LINES + 6;
  }
  const rows = model.action_units.length;
  if (!rows) return;
  const row = (bottom - y) / rows;
  const accent = ofStyle("--accent");
  model.action_units.forEach(({ unit }, number) => {
    const top = y + number * row;
    if (row >= 9) label(unit, top + row / 2);
    context.fillStyle = ofStyle("--track");
    context.fillRect(LABELS, top, width, row - 1);
    context.fillStyle = accent;
    for (const { face, left, right } of spans) {
      const score = shares(face)[unit];
      if (typeof score !== "number") continue;
      context.globalAlpha = Math.min(1, Math.max(0, score));
      context.fillRect(left, top, right - left + 0.5, row - 1);
    }
    context.globalAlpha = 1;
  });
}

/** Seconds ago, under everything. */
function drawAxis(context, x, start, bottom, colour) {
  context.fillStyle = colour;
  for (const ago of [SECONDS, 20, 10, 0]) {
    context.textAlign = ago === SECONDS ? "left" : ago ? "center" : "right";
    context.fillText(ago ? `−${ago} s` : "now", x(start + SECONDS - ago), bottom + AXIS / 2 + 1);
  }
  context.textAlign = "left";
}
