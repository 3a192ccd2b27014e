// The desk without script is whole; with it, pages keep themselves up to date, times are local, and keys work.

const localTimes = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === new Date().toDateString();
    time.textContent = isToday ? at.toLocaleTimeString([], { hour12: false }) : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short", hour12: false });
    time.title = at.toLocaleString();
  }
};

/** What a part of the page says now, put in the place of what it said; the server has escaped it. */
async function refresh(part) {
  const focused = document.activeElement;
  const place = part.contains(focused) ? focused.getAttribute("href") : null;
  const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;
  const answer = await fetch(part.dataset.refresh, { headers: { accept: "text/html" } }).catch(() => null);
  part.toggleAttribute("data-lost", answer === null || !answer.ok);
  if (answer === null || !answer.ok) return;
  if (answer.redirected) {
    location.reload(); // logged out
    return;
  }
  part.innerHTML = await answer.text();
  localTimes(part);
  if (place) part.querySelector(`a[href="${CSS.escape(place)}"]`)?.focus();
  if (atEnd && part.dataset.stream) window.scrollTo(0, document.body.scrollHeight);
}

/** At most one refresh under way, and one more if something came meanwhile. */
function whenever(part) {
  let running = null;
  let again = false;
  return async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await refresh(part);
      await new Promise((resolve) => setTimeout(resolve, 150));
    } while (again);
    running = null;
  };
}

/** Look whenever something comes; where there is no room for another stream, every few seconds. */
function follow(part, look) {
  const source = new EventSource(part.dataset.stream);
  source.addEventListener("event", () => setTimeout(look, 100));
  source.onopen = look;
  source.onerror = () => {
    part.setAttribute("data-lost", "");
    // The browser tries again by itself, unless it was told no.
    if (source.readyState !== EventSource.CLOSED) return;
    look();
    setTimeout(() => follow(part, look), 3000);
  };
}

for (const part of document.querySelectorAll("[data-refresh]")) {
  const look = whenever(part);
  const every = Number(part.dataset.every ?? 0);
  const timer = every ? setInterval(() => (part.querySelector("[data-ended]") ? clearInterval(timer) : document.visibilityState === "visible" && look()), every) : null;
  if (part.dataset.stream) follow(part, look);
}

localTimes(document);
if (document.querySelector(".chat") && !location.hash && !location.search.includes("before=")) window.scrollTo(0, document.body.scrollHeight);

document.addEventListener("keydown", (pressed) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(pressed.target.tagName);
  if (pressed.key === "Escape" && typing) pressed.target.blur();
  if (pressed.key === "/" && !typing) {
    const field = document.querySelector("#q");
    if (field) {
      pressed.preventDefault();
      field.focus();
    } else location.href = "/desk";
  }
  if (pressed.key === "Enter" && !pressed.shiftKey && !pressed.isComposing && pressed.target.id === "text") {
    pressed.preventDefault();
    pressed.target.form.requestSubmit();
  }
  if ((pressed.key === "ArrowDown" || pressed.key === "ArrowUp") && !typing) {
    const links = [...document.querySelectorAll(".attention a, .chats a, .found a")];
    const at = links.indexOf(document.activeElement) + (pressed.key === "ArrowDown" ? 1 : -1);
    if (links[at]) {
      pressed.preventDefault();
      links[at].focus();
    }
  }
});
