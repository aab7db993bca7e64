import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Forgot password behind an application's sign-in page: complete, with Java's standard library and Jackson.
 *
 * <pre>RESET_RELAY_URL=http://127.0.0.1:8080 RESET_RELAY_KEY=rr_... java -cp 'libs/*' ForgotPassword.java [PORT]</pre>
 *
 * Run it in this folder. The key needs the scopes request:self, redeem and notify. The users live in memory here; put
 * your own table in the place of Users, whose methods say what it must do. docs/APPLICATION.md explains each rule.
 */
public final class ForgotPassword {
    static final String TENANT = "acme";
    static final String HTML = "text/html; charset=utf-8";
    static final ObjectMapper JSON = new ObjectMapper();
    static final HttpClient CLIENT = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    static final SecureRandom RANDOM = new SecureRandom();

    record Answer(int status, JsonNode body) {}

    record Page(int status, String sentence) {}

    record User(String id, String email, String name) {
        ObjectNode toJson() {
            return JSON.createObjectNode().put("id", id).put("email", email).put("name", name);
        }
    }

    static String random(int size) {
        byte[] value = new byte[size];
        RANDOM.nextBytes(value);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(value);
    }

    static ObjectNode actor(String id) {
        return JSON.createObjectNode().put("role", "self").put("id", id).put("tenant", TENANT);
    }

    /** Asks again on 503 or without an answer: under the same Idempotency-Key that is safe. */
    static Answer relay(String path, ObjectNode body, String idempotencyKey) throws InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(System.getenv("RESET_RELAY_URL") + path))
            .timeout(Duration.ofSeconds(10))
            .header("Authorization", "Bearer " + System.getenv("RESET_RELAY_KEY"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
        if (idempotencyKey != null) {
            request.header("Idempotency-Key", idempotencyKey);
        }
        for (int tries = 5;; Thread.sleep(500)) {
            int status = 503;
            JsonNode answer = JSON.createObjectNode();
            try {
                HttpResponse<String> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
                status = response.statusCode();
                answer = status < 300 ? JSON.readTree(response.body()) : answer;
            } catch (IOException noAnswer) {
                // Whether it was done is not known: that is what the Idempotency-Key is for.
            }
            if (status != 503 || --tries == 0) {
                return new Answer(status, answer);
            }
        }
    }

    /** One transaction for each method: that is what a database is for. */
    static final class Users {
        private final Map<String, User> users = Map.of("kim", new User("kim", "kim@example.com", "Kim Example"));
        private final Map<String, byte[][]> passwords = new HashMap<>(); // user id to salt and hash
        private final Set<String> changedBy = new HashSet<>(); // request ids: a unique column beside the history
        private final Map<String, String> sessions = new HashMap<>(); // session to user id

        User byEmail(String email) {
            return users.values().stream().filter(user -> user.email().equals(email)).findAny().orElse(null);
        }

        User get(String id) {
            return users.get(id);
        }

        /** False when this request has changed a password before. Ends the sessions; a second factor stays. */
        synchronized boolean changePassword(String id, String password, String requestId)
            throws GeneralSecurityException {
            if (!changedBy.add(requestId)) {
                return false;
            }
            byte[] salt = new byte[16];
            RANDOM.nextBytes(salt);
            passwords.put(id, new byte[][] {salt, hash(password, salt)});
            sessions.values().removeIf(id::equals);
            return true;
        }

        synchronized String signIn(String email, String password) throws GeneralSecurityException {
            User user = byEmail(email);
            byte[][] stored = user == null ? null : passwords.get(user.id());
            if (stored == null || !MessageDigest.isEqual(stored[1], hash(password, stored[0]))) {
                return null;
            }
            String session = random(32);
            sessions.put(session, user.id());
            return session;
        }

        static byte[] hash(String password, byte[] salt) throws GeneralSecurityException {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(new PBEKeySpec(password.toCharArray(), salt, 600_000, 256)).getEncoded();
        }
    }

    static final Users USERS = new Users();
    static final Page GONE = new Page(404, "This link does not work any more. Ask for a new one.");
    static final Page LATER = new Page(503, "Please try again in a minute.");

    /** The same call for an account that does not exist: neither answer nor time tells. */
    static Page askForLink(String email, String clientIp) throws InterruptedException {
        User user = USERS.byEmail(email);
        ObjectNode body = JSON.createObjectNode().put("tenant", TENANT).put("method", "link");
        body.set("user", user == null ? null : user.toJson());
        body.set("actor", actor(user == null ? "unknown" : user.id()));
        body.set("client", JSON.createObjectNode().put("ip", clientIp));
        return relay("/v1/password-resets", body, random(16)).status() == 202
            ? new Page(200, "If there is an account with that address, a mail is on its way.") : LATER;
    }

    /** Check, validate, redeem, change, in this order, so that a poor password costs no link. */
    static Page choosePassword(String token, String password) throws Exception {
        Answer link = relay("/v1/tokens/check", JSON.createObjectNode().put("token", token), null);
        if (link.status() == 503) {
            return LATER;
        }
        User user = link.body().path("tenant").asText().equals(TENANT)
            ? USERS.get(link.body().path("user_id").asText()) : null;
        if (link.status() != 200 || user == null) {
            return GONE;
        }
        if (password.codePointCount(0, password.length()) < 12) {
            return new Page(422, "Please choose at least 12 characters.");
        }
        Answer redeemed = relay("/v1/tokens/redeem",
            JSON.createObjectNode().put("token", token).put("email", user.email()), random(16));
        if (redeemed.status() == 503) {
            return LATER;
        }
        String requestId = redeemed.body().path("request_id").asText();
        if (redeemed.status() != 200 || !USERS.changePassword(user.id(), password, requestId)) {
            return GONE;
        }
        // The relay ends every other link and tells the user by mail. The password is changed whatever comes back
        // here: an application with a job queue puts this call into it.
        ObjectNode change = JSON.createObjectNode().put("tenant", TENANT).put("request_id", requestId);
        change.set("user", user.toJson());
        change.set("actor", actor(user.id()));
        relay("/v1/password-changes", change, requestId);
        return new Page(200, "Your password is changed. Sign in with it now.");
    }

    static void answer(HttpExchange exchange, int status, String type, byte[] content) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.getResponseHeaders().set("Referrer-Policy", "no-referrer");
        exchange.getResponseHeaders().set("Content-Security-Policy", "default-src 'self'");
        exchange.sendResponseHeaders(status, content.length);
        exchange.getResponseBody().write(content);
    }

    static Map<String, String> form(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readNBytes(8192), StandardCharsets.UTF_8);
        Map<String, String> form = new HashMap<>();
        for (String pair : body.split("&")) {
            String[] parts = pair.split("=", 2);
            form.put(parts[0], parts.length < 2 ? "" : URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
        return form;
    }

    static Page submit(HttpExchange exchange, Map<String, String> form) throws Exception {
        switch (exchange.getRequestURI().getPath()) {
            case "/forgot":
                return askForLink(form.getOrDefault("email", ""),
                    exchange.getRemoteAddress().getAddress().getHostAddress());
            case "/reset":
                return choosePassword(form.getOrDefault("token", ""), form.getOrDefault("password", ""));
            case "/sign-in":
                String session = USERS.signIn(form.getOrDefault("email", ""), form.getOrDefault("password", ""));
                if (session == null) {
                    return new Page(403, "Address or password are wrong.");
                }
                exchange.getResponseHeaders().set("Set-Cookie", "session=" + session + "; HttpOnly; SameSite=Lax");
                return new Page(200, "Welcome.");
            default:
                return new Page(404, "There is nothing here.");
        }
    }

    static void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        try (exchange) {
            if (exchange.getRequestMethod().equals("GET") && path.matches("/(forgot|reset|sign-in)")) {
                answer(exchange, 200, HTML, Files.readAllBytes(Path.of("../pages" + path + ".html")));
            } else if (exchange.getRequestMethod().equals("GET") && path.equals("/reset.js")) {
                answer(exchange, 200, "text/javascript", Files.readAllBytes(Path.of("../pages/reset.js")));
            } else {
                Page page = submit(exchange, form(exchange));
                answer(exchange, page.status(), HTML, page.sentence().getBytes(StandardCharsets.UTF_8));
            }
        } catch (Exception failed) {
            throw new IOException(failed.getClass().getName()); // never the message: it may repeat what was typed
        }
    }

    public static void main(String[] arguments) throws IOException {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", ForgotPassword::handle);
        server.start();
        System.out.println("http://127.0.0.1:" + server.getAddress().getPort());
    }
}
