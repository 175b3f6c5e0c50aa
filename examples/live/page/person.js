// A person: their scores as text, and their last seconds.

import { expressionColour, personColour } from "./palette.js";
import { isActive, shares } from "./share.js";
import { SECONDS, drawTimeline } from "./timeline.js";

const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);

export class Person {
  constructor(id, model) {
    this.id = id;
    this.model = model;
    this.moments = [];
    const card = document.getElementById("person").content.cloneNode(true).firstElementChild;
    this.card = card;
    card.id = `person-${id}`;
    card.querySelector(".name").textContent = `#${id}`;
    card.querySelector(".swatch").style.background = personColour(id);
    this.says = card.querySelector(".says");
    this.timeline = card.querySelector(".timeline");
    this.rows = new Map();
    this.#table(".expressions", model.expressions.map((name) => [name, "", name, 0]));
    const affect = model.valence_arousal ? [["valence", "", "Valence", -1], ["arousal", "", "Arousal", -1]] : [];
    if (model.gaze) affect.push(["gaze_1", "", "Gaze 1", null], ["gaze_2", "", "Gaze 2", null]);
    this.#table(".affect", affect);
    this.#table(".units", model.action_units.map(({ unit, name }) => [unit, unit, name, 0]));
  }

  /** Rows of (key, short name, name, the least value or null if there is none) in a table; none, no table. */
  #table(which, rows) {
    const table = this.card.querySelector(which);
    if (!rows.length) return table.remove();
    for (const [key, short, name, least] of rows) {
      const row = table.tBodies[0].insertRow();
      row.dataset.score = key;
      const heading = document.createElement("th");
      heading.scope = "row";
      if (short) heading.append(Object.assign(document.createElement("b"), { textContent: short }), " ");
      heading.append(name);
      const value = Object.assign(document.createElement("td"), { className: "value", textContent: "–" });
      const bar = Object.assign(document.createElement("td"), { className: "bar" });
      const fill = document.createElement("i");
      if (least !== null) {
        bar.setAttribute("aria-hidden", "true");
        bar.append(document.createElement("span"));
        bar.firstChild.append(fill);
      }
      if (which === ".expressions") fill.style.background = expressionColour(name);
      row.append(heading, value, bar);
      this.rows.set(key, { row, value, fill, least });
    }
  }

  /** What was read of them at `time`. */
  show(face, time) {
    this.moments.push({ time, face });
    this.card.classList.remove("away");
    this.card.dataset.confidence = face.confidence;
    this.card.dataset.box = face.box.join(" ");
    const scores = { ...face.probabilities, ...shares(face), valence: face.valence, arousal: face.arousal };
    [scores.gaze_1, scores.gaze_2] = face.gaze ?? [];
    for (const [key, { row, value, fill, least }] of this.rows) {
      const score = scores[key];
      const known = typeof score === "number";
      value.dataset.value = known ? score : "";
      const told = face.action_unit_intensities?.[key] ?? score;
      value.textContent = !known ? "–" : least === 0 ? told.toFixed(2) : signed(score);
      row.classList.toggle("top", key === face.expression || (key.startsWith("AU") && isActive(face, key, score)));
      this.#fill(fill, known ? score : 0, least);
    }
    this.says.textContent = face.error ? `Cannot be read: ${face.error}` : this.#inWords(face);
  }

  /** A bar from the left, or from the middle where values may be negative. */
  #fill(fill, score, least) {
    if (least === 0) {
      fill.style.width = `${Math.min(1, Math.max(0, score)) * 100}%`;
    } else {
      const length = Math.min(1, Math.abs(score)) * 50;
      fill.style.left = `${score < 0 ? 50 - length : 50}%`;
      fill.style.width = `${length}%`;
    }
  }

  #inWords(face) {
    const said = [];
    if (face.expression) {
      const share = face.probabilities[face.expression];
      said.push(`${face.expression} (${Math.round(share * 100)} %)`);
    }
    if (typeof face.valence === "number") said.push(`valence ${signed(face.valence)}, arousal ${signed(face.arousal)}`);
    const degrees = shares(face);
    const active = this.model.action_units.filter(({ unit }) => isActive(face, unit, degrees[unit]));
    if (active.length) said.push(active.map(({ unit }) => unit).join(" "));
    said.push(`found with ${Math.round(face.confidence * 100)} % confidence`);
    return said.join(" · ");
  }

  /** Draws the last seconds; false once there is nothing to draw. */
  draw(now) {
    this.moments = this.moments.filter(({ time }) => time >= now - SECONDS);
    if (!this.moments.length) return false;
    if (this.moments.at(-1).time < now) {
      this.card.classList.add("away");
      this.says.textContent = "Out of view.";
    }
    drawTimeline(this.timeline, this.moments, now, this.model);
    const label = `Person ${this.id}, the last ${SECONDS} seconds; the numbers of now are in the tables below.`;
    this.timeline.setAttribute("aria-label", label);
    return true;
  }
}
