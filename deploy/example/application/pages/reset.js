// The token comes in the fragment, which browsers send to no server and in no referrer.
// It leaves the address bar at once.
document.forms[0].token.value = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
