import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes one password-reset request straight on Kafka, signed, without going through reset-producer.
 *
 * <pre>java -cp 'libs/*' Emit.java CLIENT_PROPERTIES PUBLISHER_FILE [TOPIC] &lt; request.json</pre>
 *
 * CLIENT_PROPERTIES: properties of Kafka's Java client, bootstrap.servers and what your cluster asks for.
 * PUBLISHER_FILE: what `reset-producer publishers add` printed, the publisher's name and its secret.
 * TOPIC: topics.requested of the relay. Standard input: the same JSON as the body of POST /v1/password-resets.
 *
 * Prints the request's id once Kafka has the event on all in-sync replicas; ends with 1 when it does not.
 * Needs kafka-clients and, for JSON, jackson-databind.
 */
public final class Emit {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The CloudEvent around a request. Repeat an attempt with the same id: it stays one request and one mail. */
    static byte[] event(JsonNode request, String id) throws Exception {
        return JSON.writeValueAsBytes(JSON.createObjectNode()
            .put("specversion", "1.0")
            .put("type", "identity.password-reset.requested.v1")
            .put("source", "/portal")
            .put("id", id)
            .put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString())
            .put("datacontenttype", "application/json")
            .set("data", request));
    }

    /** Over the very bytes that are sent; the key is the secret's text as it was printed. */
    static String signature(byte[] value, String publisher, String secret) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        return "v1;" + publisher + ";" + HexFormat.of().formatHex(mac.doFinal(value));
    }

    /** All events of a user go to one partition. An unknown user gets any. */
    static String recordKey(JsonNode request) {
        String user = request.get("user").isNull() ? UUID.randomUUID().toString() : request.at("/user/id").asText();
        return request.get("tenant").asText() + "/" + user;
    }

    static String publish(Properties client, String topic, JsonNode request, String publisher, String secret)
        throws Exception {
        String id = UUID.randomUUID().toString();
        byte[] value = event(request, id);
        var record = new ProducerRecord<>(topic, recordKey(request), value);
        record.headers().add("content-type", "application/cloudevents+json".getBytes(StandardCharsets.UTF_8));
        record.headers().add("reset-relay-signature",
            signature(value, publisher, secret).getBytes(StandardCharsets.UTF_8));
        client.putIfAbsent("acks", "all");
        client.putIfAbsent("enable.idempotence", "true");
        try (var producer = new KafkaProducer<>(client, new StringSerializer(), new ByteArraySerializer())) {
            producer.send(record).get(30, TimeUnit.SECONDS);
        }
        return id;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 2 || arguments.length > 3) {
            System.err.println("usage: Emit CLIENT_PROPERTIES PUBLISHER_FILE [TOPIC] < request.json");
            System.exit(64);
        }
        var client = new Properties();
        try (var reader = new FileReader(arguments[0], StandardCharsets.UTF_8)) {
            client.load(reader);
        }
        String[] publisher = Files.readString(Path.of(arguments[1])).trim().split("\\s+");
        String topic = arguments.length == 3 ? arguments[2] : "password-reset.requested.v1";
        System.out.println(publish(client, topic, JSON.readTree(System.in), publisher[0], publisher[1]));
    }
}
