// Colours that are told apart in light and in dark, and by most who see colours otherwise.

const EXPRESSIONS = {
  Neutral: "#8a949e",
  Anger: "#d1495b",
  Disgust: "#6a994e",
  Fear: "#7b4ea3",
  Happiness: "#e0a100",
  Sadness: "#3a7ca5",
  Surprise: "#e07a3f",
  Other: "#b08968",
  Contempt: "#2a9d8f",
};

const PEOPLE = ["#4fc3d5", "#ffb703", "#e77fb3", "#95d36c", "#b79cf2", "#ff8a5c"];

export const expressionColour = (name) => EXPRESSIONS[name] ?? "#b08968";
export const personColour = (id) => PEOPLE[id % PEOPLE.length];

/** A colour of the style sheet, as it is now: it changes with light and dark. */
export const ofStyle = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
