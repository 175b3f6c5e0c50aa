// What the page does, and when: one frame at a time from the camera to the program, and what is read shown.

import { Camera, cameras, explained } from "./camera.js";
import { draw } from "./overlay.js";
import { People } from "./people.js";
import { say } from "./say.js";
import { Gone, Refused, Session, model as askModel } from "./server.js";

const element = (id) => document.getElementById(id);
const [start, record, choice, mirror] = ["start", "record", "cameras", "mirror"].map(element);
const [video, overlay] = ["video", "overlay"].map(element);

// Of how many frames the figures are.
const MEASURED = 60;
// Refused frames one after another, until it is no use to go on.
const HOPELESS = 20;

/** What goes on from Start to Stop; nothing otherwise. */
let running = null;
let model = null;
let people = null;

function complain(error) {
  const text = error ? explained(error) : "";
  say("problem", text);
  element("problem").hidden = !text;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** The last figures of a kind. */
class Figures {
  values = [];

  add(value) {
    this.values.push(value);
    if (this.values.length > MEASURED) this.values.shift();
  }
}

/** A row of a face with its box, and its probabilities by the names of their classes. */
function named(row) {
  const classes = row.expression_classes ?? model.expressions;
  const pairs = classes.map((name, place) => [name, row.expression_probabilities?.[place]]);
  return { ...row, box: [row.x, row.y, row.width, row.height], probabilities: Object.fromEntries(pairs) };
}

/** From Start to Stop. */
class Run {
  constructor(camera, session) {
    this.camera = camera;
    this.session = session;
    this.began = performance.now();
    this.time = 0;
    this.reading = null;
    this.recording = false;
    this.recorded = null;
    this.latency = new Figures();
    this.work = new Figures();
    this.ends = new Figures();
    this.refused = 0;
  }

  /** Reads frames until it is stopped, each once the one before is answered. */
  async go() {
    while (running === this) {
      const taken = await this.camera.next();
      if (running !== this) return;
      const begun = performance.now();
      // A clock that is set back must not turn the frames' order round.
      this.time = Math.max(this.time, (taken - this.began) / 1000);
      try {
        const jpeg = await this.camera.jpeg();
        const reading = await this.session.read(jpeg, this.time);
        if (running !== this) return;
        this.show(reading, begun);
        this.refused = 0;
      } catch (error) {
        if (running !== this) return;
        this.refused += 1;
        const passes = error instanceof Refused && error.reason !== "session" && this.refused < HOPELESS;
        complain(error);
        if (!passes) return stop(error);
      }
    }
  }

  show(reading, begun) {
    if (this.refused) complain(null);
    // A frame without a face has a row, too.
    reading.faces = reading.rows.filter((row) => row.face_id !== null).map(named);
    this.reading = reading;
    draw(overlay, reading, mirror.checked);
    people.show(reading);
    const now = performance.now();
    this.latency.add(now - begun);
    this.work.add(reading.milliseconds);
    this.ends.add(now);
    const ends = this.ends.values;
    if (ends.length > 1) {
      const rate = ((ends.length - 1) * 1000) / (ends.at(-1) - ends[0]);
      element("rate").textContent = rate.toFixed(1);
    }
    element("latency").textContent = median(this.latency.values).toFixed(0);
    element("reading").textContent = median(this.work.values).toFixed(0);
    element("count").textContent = reading.faces.length;
    // A frame may be answered later than the end of the recording, which has its rows.
    if (reading.recording && this.recording) this.tell(reading.recording, "Recording");
    if (reading.recording_error) {
      complain(new Error(`Recording ended: ${reading.recording_error}`));
      this.recording = false;
      say("recording", "");
      element("rows").textContent = "";
      showRecord(false);
    }
  }

  tell({ file, rows }, what) {
    this.recorded = { file, rows };
    // The rows are beside what is read aloud whenever it changes.
    say("recording", `${what} ${file} in ${model.folder}:`);
    element("rows").textContent = `${rows} rows`;
  }
}

function showRecord(on) {
  record.textContent = on ? "Stop recording" : "Record";
  record.classList.toggle("on", on);
}

async function listCameras(current) {
  const found = await cameras();
  choice.replaceChildren(...found.map(({ deviceId, label }, place) => {
    const option = new Option(label || `Camera ${place + 1}`, deviceId);
    option.selected = deviceId === current;
    return option;
  }));
  choice.disabled = found.length === 0;
}

async function begin() {
  complain(null);
  start.disabled = true;
  try {
    model ??= await askModel();
    const lost = () => stop(new DOMException("", "NotFoundError"));
    const camera = await Camera.open(video, choice.value, lost);
    let session;
    try {
      session = await Session.open();
    } catch (error) {
      camera.close();
      throw error;
    }
    people?.clear();
    people = new People(model);
    running = new Run(camera, session);
    await listCameras(camera.id);
  } catch (error) {
    complain(error);
    start.disabled = false;
    return;
  }
  element("stage").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  element("hint").hidden = true;
  start.textContent = "Stop";
  start.disabled = false;
  record.disabled = false;
  say("state", "");
  running.go();
}

/** Ends what goes on, because of an error or because somebody wants it. */
function stop(error = null) {
  const ended = running;
  if (!ended) return;
  running = null;
  ended.camera.close();
  if (!(error instanceof Gone)) ended.session.end();
  if (ended.recording) ended.tell(ended.recorded, "Recorded");
  draw(overlay, null, false);
  start.textContent = "Start";
  record.disabled = true;
  showRecord(false);
  element("hint").hidden = false;
  say("state", "Stopped.");
  if (error) complain(error);
}

start.addEventListener("click", () => (running ? stop() : begin()));

record.addEventListener("click", async () => {
  const current = running;
  record.disabled = true;
  try {
    if (current.recording) {
      current.recording = false;
      const recorded = await current.session.stop();
      if (recorded) current.tell(recorded, "Recorded");
    } else {
      current.tell(await current.session.record(), "Recording");
      current.recording = true;
    }
    if (running === current) showRecord(current.recording);
  } catch (error) {
    complain(error);
  }
  record.disabled = running === null;
});

choice.addEventListener("change", () => {
  if (!running) return;
  stop();
  begin();
});

mirror.addEventListener("change", () => {
  video.classList.toggle("mirrored", mirror.checked);
  draw(overlay, running?.reading, mirror.checked);
});

window.addEventListener("resize", () => draw(overlay, running?.reading, mirror.checked));
document.addEventListener("visibilitychange", () => {
  if (running) say("state", document.hidden ? "Paused while this page is hidden." : "");
});
// The program then knows at once that there is room for another page.
window.addEventListener("pagehide", () => stop());
navigator.mediaDevices?.addEventListener("devicechange", () => listCameras(running?.camera.id ?? choice.value));

try {
  model = await askModel();
  const lacks = [
    model.action_units.length ? "" : "action units",
    model.expressions.length ? "" : "expressions",
    model.valence_arousal ? "" : "valence and arousal",
  ].filter(Boolean);
  if (lacks.length) say("lacks", `This model does not read ${lacks.join(" or ")}.`);
} catch (error) {
  complain(error);
}
