#!/usr/bin/env node
/* Forgot password behind an application's sign-in page: complete, with Node's standard library alone.
 *
 *     RESET_RELAY_URL=http://127.0.0.1:8080 RESET_RELAY_KEY=rr_... node app.mjs [PORT]
 *
 * The key needs the scopes request:self, redeem and notify.  The users live in memory here; put your own table in the
 * place of `Users`, whose methods say what it must do.  docs/APPLICATION.md explains each rule. */
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const TENANT = "acme";
const { RESET_RELAY_URL, RESET_RELAY_KEY } = process.env;
const random = (bytes) => randomBytes(bytes).toString("base64url");

/* Asks again on 503 or without an answer: under the same Idempotency-Key that is safe. */
async function relay(path, body, idempotencyKey, tries = 5) {
  const headers = { authorization: `Bearer ${RESET_RELAY_KEY}`, "content-type": "application/json" };
  if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
  for (;;) {
    try {
      const answer = await fetch(RESET_RELAY_URL + path,
        { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
      if (answer.status !== 503 || --tries === 0)
        return { status: answer.status, ...(answer.ok ? await answer.json() : {}) };
    } catch {
      if (--tries === 0) return { status: 503 };
    }
    await pause(500);
  }
}

/* One transaction for each method: that is what a database is for. */
class Users {
  #users = new Map([["kim", { id: "kim", email: "kim@example.com", name: "Kim Example", password: null }]]);
  #changedBy = new Set(); // request ids: a unique column beside the password's history
  sessions = new Map(); // session -> user id

  byEmail(email) {
    return [...this.#users.values()].find((user) => user.email === email);
  }

  get(id) {
    return this.#users.get(id);
  }

  /* False when this request has changed a password before.  Ends the user's sessions; a second factor stays. */
  changePassword(id, password, requestId) {
    if (this.#changedBy.has(requestId)) return false;
    this.#changedBy.add(requestId);
    const salt = randomBytes(16);
    this.#users.get(id).password = { salt, hash: scryptSync(password, salt, 32) };
    for (const [session, user] of this.sessions) if (user === id) this.sessions.delete(session);
    return true;
  }

  passwordIs(user, password) {
    return user.password !== null &&
      timingSafeEqual(user.password.hash, scryptSync(password, user.password.salt, 32));
  }
}

const users = new Users();

/* The same call for an account that does not exist: neither answer nor time tells. */
async function askForLink(email, clientIp) {
  const user = users.byEmail(email);
  const { status } = await relay("/v1/password-resets", {
    tenant: TENANT,
    user: user ? { id: user.id, email: user.email, name: user.name } : null,
    actor: { role: "self", id: user ? user.id : "unknown", tenant: TENANT },
    method: "link",
    client: { ip: clientIp },
  }, random(16));
  return status === 202
    ? [200, "If there is an account with that address, a mail is on its way."]
    : [503, "Please try again in a minute."];
}

/* Check, validate, redeem, change, in this order, so that a poor password costs no link. */
async function choosePassword(token, password) {
  const gone = [404, "This link does not work any more. Ask for a new one."];
  const later = [503, "Please try again in a minute."];
  const link = await relay("/v1/tokens/check", { token });
  if (link.status === 503) return later;
  const user = link.status === 200 && link.tenant === TENANT ? users.get(link.user_id) : undefined;
  if (!user) return gone;
  if ([...password].length < 12) return [422, "Please choose at least 12 characters."];
  const redeemed = await relay("/v1/tokens/redeem", { token, email: user.email }, random(16));
  if (redeemed.status === 503) return later;
  if (redeemed.status !== 200 || !users.changePassword(user.id, password, redeemed.request_id)) return gone;
  // The relay ends every other link and tells the user by mail.  The password is changed whatever comes back here:
  // an application with a job queue puts this call into it.
  await relay("/v1/password-changes", {
    tenant: TENANT,
    user: { id: user.id, email: user.email, name: user.name },
    request_id: redeemed.request_id,
    actor: { role: "self", id: user.id, tenant: TENANT },
  }, redeemed.request_id);
  return [200, "Your password is changed. Sign in with it now."];
}

function signIn(email, password) {
  const user = users.byEmail(email);
  if (!user || !users.passwordIs(user, password)) return [403, "Address or password are wrong."];
  const session = random(32);
  users.sessions.set(session, user.id);
  return [200, "Welcome.", { "set-cookie": `session=${session}; HttpOnly; SameSite=Lax` }];
}

const page = (name, type = "text/html; charset=utf-8") =>
  ({ type, content: readFileSync(new URL(`../pages/${name}`, import.meta.url)) });
const pages = {
  "/forgot": page("forgot.html"), "/reset": page("reset.html"), "/sign-in": page("sign-in.html"),
  "/reset.js": page("reset.js", "text/javascript"),
};
const forms = {
  "/forgot": (form, request) => askForLink(form.get("email") ?? "", request.socket.remoteAddress),
  "/reset": (form) => choosePassword(form.get("token") ?? "", form.get("password") ?? ""),
  "/sign-in": (form) => signIn(form.get("email") ?? "", form.get("password") ?? ""),
};

async function read(request) {
  let body = "";
  for await (const piece of request) if ((body += piece).length > 8192) break;
  return new URLSearchParams(body);
}

const server = createServer(async (request, response) => {
  const answer = (status, content, headers) => response.writeHead(status, {
    "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'self'", ...headers,
  }).end(content);
  const found = pages[request.url];
  const form = forms[request.url];
  if (request.method === "GET" && found) answer(200, found.content, { "content-type": found.type });
  else if (request.method === "POST" && form) answer(...await form(await read(request), request));
  else answer(404, "There is nothing here.");
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${server.address().port}`));
