// Times of the server in the reader's zone.

/** Write every time of `root` as the reader's clock shows it. */
export function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === new Date().toDateString();
    time.textContent = isToday ? at.toLocaleTimeString([], { hour12: false }) : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short", hour12: false });
    time.title = at.toLocaleString();
  }
}
