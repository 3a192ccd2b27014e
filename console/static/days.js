// The days of a conversation in the reader's zone: a line before the first message of each.

const language = document.documentElement.lang || "en";
const named = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const NEAR = 6; // days

/** Put the lines of days between the messages of `root`, whose lists are read as one. */
export function localDays(root) {
  let before = null;
  for (const lines of root.querySelectorAll("ol.lines")) {
    for (const day of lines.querySelectorAll(":scope > .day")) day.remove();
    for (const line of lines.querySelectorAll(":scope > li[data-at]")) {
      const at = new Date(line.dataset.at);
      const key = at.toDateString();
      if (key !== before) lines.insertBefore(lineOf(at), line);
      before = key;
    }
  }
}

function lineOf(at) {
  const line = document.createElement("li");
  line.className = "day";
  line.id = `day-${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`;
  line.append(document.createElement("span"));
  line.firstChild.textContent = words(at);
  return line;
}

function words(at) {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  const said = days === 0 || days === -1 ? named.format(days, "day") : at.toLocaleDateString(language, days < 0 && days >= -NEAR ? { weekday: "long" } : { dateStyle: "long" });
  return said.charAt(0).toLocaleUpperCase(language) + said.slice(1);
}
