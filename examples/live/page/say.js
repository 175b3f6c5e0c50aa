// Words on the page.

/** Says `text` in the element of this id; what is said again and again is read aloud once. */
export function say(id, text) {
  const place = document.getElementById(id);
  if (place.textContent !== text) place.textContent = text;
}
