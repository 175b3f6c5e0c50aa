// Everybody in view, and who was a moment ago.

import { Person } from "./person.js";
import { say } from "./say.js";

// People whose scores are shown in full. In a crowd the others have their boxes and names.
const MOST = 6;

const place = document.getElementById("people");

export class People {
  constructor(model) {
    this.model = model;
    this.persons = new Map();
  }

  /** Shows what was read in a frame. */
  show({ frame, faces, timestamp }) {
    const { persons } = this;
    for (const face of faces) {
      const id = face.face_id;
      if (!persons.has(id) && persons.size < MOST) {
        persons.set(id, new Person(id, this.model));
        place.append(persons.get(id).card);
      }
      persons.get(id)?.show(face, timestamp);
    }
    for (const [id, person] of persons) {
      if (person.draw(timestamp)) continue;
      person.card.remove();
      persons.delete(id);
    }
    const more = faces.filter((face) => !persons.has(face.face_id)).length;
    say("more", more ? `${more} more in view; their scores are recorded with the others.` : "");
    document.getElementById("nobody").hidden = faces.length > 0;
    place.dataset.frame = frame;
    place.dataset.timestamp = timestamp;
  }

  clear() {
    for (const { card } of this.persons.values()) card.remove();
  }
}
