// The days of a conversation in the reader's zone: a line before the first message of each.

import { localTime } from "./times.js";
import { language } from "./words.js";

const named = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const NEAR = 6; // days

/** For the times of lines, in their order: the midnight of the day that begins with each, or null where the day before
 * goes on; and whether it is late: of an earlier day than a line above it. */
export function daysOf(times) {
  let day = -Infinity;
  return times.map((time) => {
    const own = new Date(time).setHours(0, 0, 0, 0);
    const one = { begins: own > day ? own : null, isLate: own < day };
    day = Math.max(day, own);
    return one;
  });
}

/** Put the lines of days between the messages of `root`, whose lists are read as one. */
export function localDays(root) {
  const lines = [...root.querySelectorAll("ol.lines > li[data-at]")];
  const days = daysOf(lines.map((line) => line.dataset.at));
  const kept = new Set();
  lines.forEach((line, number) => {
    const { begins, isLate } = days[number];
    const time = line.querySelector(".meta time.clock");
    if (time && time.classList.contains("late") !== isLate) {
      time.classList.toggle("late", isLate);
      localTime(time);
    }
    if (begins === null) return;
    const fresh = lineOf(new Date(begins));
    const old = line.previousElementSibling;
    if (old?.id === fresh.id) {
      if (old.textContent !== fresh.textContent) old.replaceChildren(...fresh.childNodes);
      kept.add(old);
    } else {
      line.before(fresh);
      kept.add(fresh);
    }
  });
  for (const day of root.querySelectorAll("ol.lines > .day")) if (!kept.has(day)) day.remove();
}

const two = (number) => String(number).padStart(2, "0");

function lineOf(at) {
  const line = document.createElement("li");
  line.className = "day";
  line.id = `day-${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  line.append(document.createElement("span"));
  line.firstChild.textContent = nameOf(at);
  return line;
}

/** The name of the day of a time. */
export function nameOf(at) {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  const said = days === 0 || days === -1 ? named.format(days, "day") : at.toLocaleDateString(language, days < 0 && days >= -NEAR ? { weekday: "long" } : { dateStyle: "long" });
  return said.charAt(0).toLocaleUpperCase(language) + said.slice(1);
}
