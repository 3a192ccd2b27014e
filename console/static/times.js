// Times of the server in the reader's zone.

const DAY = 86_400_000; // ms

/** Write every time of `root` as the reader's clock shows it; in a list the time of today, else the day. */
export function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) localTime(time);
}

/** Write one time; `late`: of an earlier day than the lines above it. */
export function localTime(time) {
  const at = new Date(time.dateTime);
  time.textContent = time.matches(".late") ? dated(at) : time.matches(".clock") ? clock(at) : time.closest(".when") ? short(at) : long(at);
  time.title = at.toLocaleString();
}

const isToday = (at) => at.toDateString() === new Date().toDateString();

const dated = (at) => at.toLocaleString([], { dateStyle: "medium", timeStyle: "short", hour12: false });

const long = (at) => (isToday(at) ? clock(at) : dated(at));

const clock = (at) => at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

function short(at) {
  if (isToday(at)) return clock(at);
  const ago = new Date().setHours(0, 0, 0, 0) - at;
  return ago < 6 * DAY && ago > 0 ? at.toLocaleDateString([], { weekday: "short" }) : at.toLocaleDateString([], { dateStyle: "short" });
}
