// Boxes, names, bars and the point of valence and arousal, over the camera's picture.

import { expressionColour, personColour } from "./palette.js";
import { isActive, shares } from "./share.js";

// More faces than this have their boxes and names alone: bars would hide them.
const WITH_BARS = 3;
const ROW = 11;
const PANEL = 96;
const SQUARE = 62;
const GAP = 8;

/** Where the picture lies in the canvas, which it may not fill. */
function placed(canvas, { width, height }) {
  const scale = Math.min(canvas.clientWidth / width, canvas.clientHeight / height);
  const left = (canvas.clientWidth - width * scale) / 2;
  const top = (canvas.clientHeight - height * scale) / 2;
  return { scale, left, top, width: width * scale, height: height * scale };
}

/** A context in CSS pixels on a clean canvas, sharp on any screen. */
export function clean(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return context;
}

/** Draws what was read; nothing of no `reading`. */
export function draw(canvas, reading, mirrored) {
  const context = clean(canvas);
  if (!reading) return;
  const picture = placed(canvas, reading);
  const across = (x, width) => {
    const shown = mirrored ? reading.width - x - width : x;
    return picture.left + shown * picture.scale;
  };
  for (const face of reading.faces) {
    const [x, y, width, height] = face.box;
    const box = {
      left: across(x, width),
      top: picture.top + y * picture.scale,
      width: width * picture.scale,
      height: height * picture.scale,
    };
    const colour = personColour(face.face_id);
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.strokeRect(box.left, box.top, box.width, box.height);
    context.fillStyle = colour;
    const dot = Math.min(2, box.width / 40);
    for (const [px, py] of face.landmarks ?? []) {
      context.beginPath();
      context.arc(across(px, 0), picture.top + py * picture.scale, dot, 0, 2 * Math.PI);
      context.fill();
    }
    name(context, face, box, picture, colour);
    if (!face.error && reading.faces.length <= WITH_BARS) bars(context, face, box, picture);
  }
}

function name(context, face, box, picture, colour) {
  const share = face.expression ? ` ${Math.round(face.probabilities[face.expression] * 100)} %` : "";
  let text = `#${face.face_id} ${face.error ? "cannot be read" : face.expression ?? ""}${share}`.trim();
  context.font = "600 13px system-ui, sans-serif";
  context.textBaseline = "middle";
  // In a crowd it would hide the next faces.
  if (context.measureText(text).width > 2.5 * box.width) text = `#${face.face_id}`;
  const width = context.measureText(text).width + 10;
  const left = Math.max(picture.left, Math.min(box.left - 1, picture.left + picture.width - width));
  const top = Math.max(picture.top, box.top - 20);
  context.fillStyle = colour;
  context.fillRect(left, top, width, 19);
  context.fillStyle = "#101214";
  context.fillText(text, left + 5, top + 10);
}

/** Action units as bars and valence and arousal as a point, beside the face where there is room. */
function bars(context, face, box, picture) {
  const units = Object.entries(shares(face));
  const affect = face.valence !== null && face.valence !== undefined;
  const height = units.length * ROW + (affect ? SQUARE + GAP : 0) + GAP;
  if (height <= GAP) return;
  const right = picture.left + picture.width;
  const fits = (left) => left >= picture.left && left + PANEL <= right;
  const beside = [box.left + box.width + GAP, box.left - GAP - PANEL];
  const left = beside.find(fits) ?? right - PANEL - 2;
  const lowest = picture.top + picture.height - height - 2;
  const top = Math.max(picture.top + 2, Math.min(box.top, lowest));
  context.fillStyle = "rgb(16 18 20 / 0.62)";
  context.fillRect(left, top, PANEL, height);
  context.font = "10px system-ui, sans-serif";
  let y = top + GAP / 2;
  for (const [unit, score] of units) {
    context.fillStyle = "#e6e9ec";
    context.fillText(unit, left + 4, y + ROW / 2);
    context.fillStyle = "rgb(255 255 255 / 0.2)";
    context.fillRect(left + 34, y + 2, PANEL - 39, ROW - 4);
    context.fillStyle = isActive(face, unit, score) ? "#ffd43b" : "#4fc3d5";
    context.fillRect(left + 34, y + 2, (PANEL - 39) * Math.min(1, Math.max(0, score)), ROW - 4);
    y += ROW;
  }
  if (affect) point(context, face, left + (PANEL - SQUARE) / 2, y + GAP / 2);
}

/** Valence to the right, arousal upwards, each from -1 to 1. */
function point(context, face, left, top) {
  const middle = SQUARE / 2;
  context.strokeStyle = "rgb(255 255 255 / 0.55)";
  context.lineWidth = 1;
  context.beginPath();
  context.arc(left + middle, top + middle, middle, 0, 2 * Math.PI);
  context.moveTo(left, top + middle);
  context.lineTo(left + SQUARE, top + middle);
  context.moveTo(left + middle, top);
  context.lineTo(left + middle, top + SQUARE);
  context.stroke();
  context.fillStyle = face.expression ? expressionColour(face.expression) : "#4fc3d5";
  context.strokeStyle = "#ffffff";
  context.beginPath();
  context.arc(left + middle * (1 + face.valence), top + middle * (1 - face.arousal), 5, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}
