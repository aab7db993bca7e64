// The little that a page cannot do alone.  Everything but opening a mailed link works without it.
"use strict";

// A mailed link: its token stands behind the #.  Out of the address bar and the history first, then posted.
function openLink(form) {
    const token = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    document.querySelector("[data-no-link]").hidden = Boolean(token);
    if (token) {
        form.elements.token.value = token;
        form.hidden = false;
        form.submit();
    }
}

// A form is sent once, however often its button is pressed; coming back to the page makes it whole again.
function sendOnce(form) {
    let sent = false;
    form.addEventListener("submit", event => {
        if (sent) event.preventDefault();
        sent = true;
        form.classList.add("sent");
    });
    addEventListener("pageshow", () => {
        sent = false;
        form.classList.remove("sent");
    });
}

function copyText(button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = "Copied";
    });
}

// The list of requests, as long as something is under way.  It is drawn anew only when something changed, so that a
// screen reader hears changes alone and the keyboard keeps its place.
async function follow(list) {
    const pause = list.querySelector("[data-live='yes']") ? 1000 : 10000;
    await new Promise(done => setTimeout(done, pause));
    try {
        const answer = document.hidden ? null : await fetch(list.dataset.list, {redirect: "manual"});
        if (answer && answer.type === "opaqueredirect") return; // signed out meanwhile
        if (answer && answer.ok) {
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-version]");
            const shown = list.querySelector("[data-version]");
            if (fresh && fresh.dataset.version !== shown.dataset.version && !shown.contains(document.activeElement)) {
                shown.replaceWith(fresh);
                tellTimes();
            }
        }
    } catch (error) {
        // The network is away for a moment: ask again.
    }
    follow(list);
}

// "12 s ago" in place of a time that is near.
function tellTimes() {
    for (const element of document.querySelectorAll("time[data-ago]")) {
        const seconds = Math.max(0, Math.round((Date.now() - Date.parse(element.dateTime)) / 1000));
        element.title ||= element.textContent;
        if (seconds < 60) element.textContent = `${seconds} s ago`;
        else if (seconds < 3600) element.textContent = `${Math.floor(seconds / 60)} min ago`;
        else element.textContent = element.title;
    }
}

for (const form of document.querySelectorAll("[data-open-link]")) {
    openLink(form);
    addEventListener("hashchange", () => openLink(form)); // a link pasted while the page is open already
}
document.querySelectorAll("form[data-once]").forEach(sendOnce);
document.querySelectorAll("[data-copy]").forEach(copyText);
document.querySelectorAll("[data-list]").forEach(follow);
document.querySelector("[data-focus]")?.focus();
tellTimes();
setInterval(tellTimes, 1000);
