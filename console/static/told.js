// Says what became of what the user did, where it is seen; all places are live regions.

import { announce } from "./news.js";

const PLACES = ["#told, #person-told, #asked-told, #conversation > .nothing", "#list-told"]; // a phone may show the list alone

document.addEventListener("leaving", () => document.querySelector("#list-told")?.replaceChildren());

/** Nothing that was said holds any more: another order is given. */
export function untell() {
  for (const one of document.querySelectorAll(PLACES.join())) if (!one.matches(".nothing")) one.replaceChildren();
}

/** Say it until something else is said; `isBad`: as an alert. */
export function tellUser(text, isBad = false) {
  const places = PLACES.flatMap((place) => [...document.querySelectorAll(place)]);
  const place = document.querySelector("dialog[open] #asked-told") ?? places.find((one) => one.checkVisibility()) ?? places[0];
  for (const one of places) one.replaceChildren();
  if (!place) {
    announce(text);
    return;
  }
  const line = document.createElement("p");
  line.className = isBad ? "trouble" : "told";
  if (isBad) line.setAttribute("role", "alert");
  line.textContent = text;
  place.append(line);
}
