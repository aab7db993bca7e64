/* THE table of the configuration.  A default is written as an operator would write it and goes through the
 * same parser; the help texts are what --print-config and the README show.  Times of SMTP are RFC 5321's
 * minima (4.5.3.2), but for the connect, where waiting five minutes for a relay that is down helps nobody. */
#include "io/settings.h"

#include <stddef.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)

#define KEY(section_, key_, type_, program_)                                                                 \
    .section = (section_), .key = (key_), .type = SETTING_##type_, .program = CONFIG_##program_
#define RANGE(minimum_, maximum_) .minimum = (minimum_), .maximum = (maximum_)

const struct setting settings[CONFIG_KEY_COUNT] = {
    [CONFIG_TOPICS_REQUESTED] = {KEY("topics", "requested", TEXT, BOTH),
                                 .fallback = "password-reset.requested.v1", .help = "Topic of the requests."},
    [CONFIG_TOPICS_AUDIT] = {KEY("topics", "audit", TEXT, BOTH), .fallback = "password-reset.audit.v1",
                             .help = "Topic of the audit records."},
    [CONFIG_TOPICS_DEAD_LETTER] = {KEY("topics", "dead_letter", TEXT, BOTH),
                                   .fallback = "password-reset.requested.v1.dlq",
                                   .help = "Topic of the dead letters."},
    [CONFIG_TOPICS_RETRY] =
        {KEY("topics", "retry", DURATION_LIST, BOTH), .fallback = "30s,5m,30m", RANGE(SECOND, 12 * HOUR),
         .help = "Tiers of retry, ascending; the topic of each is `<requested>.retry.<tier>`. The "
                 "longest must exceed smtp.dot_timeout."},
    [CONFIG_TOPICS_PARTITIONS] =
        {KEY("topics", "partitions", NUMBER, PRODUCER), .fallback = "12", RANGE(1, 10000),
         .help = "Partitions of the topics that `topics --create` makes; as many workers can "
                 "share the work."},
    [CONFIG_TOPICS_REPLICATION] = {KEY("topics", "replication", NUMBER, PRODUCER), .fallback = "3",
                                   RANGE(1, 15),
                                   .help = "Replicas of the topics that `topics --create` makes."},
    [CONFIG_REDIS_URL] = {KEY("redis", "url", URL, BOTH),
                          .help =
                              "redis://[user[:password]@]host[:port][/db], rediss:// (TLS) or unix://. The "
                              "worker needs it; the producer serves tokens and status only with it."},
    [CONFIG_REDIS_SENTINELS] = {KEY("redis", "sentinels", LIST, BOTH),
                                .help = "`host[:port]` of each Sentinel; then the host of redis.url is the "
                                        "name of the primary that they watch."},
    [CONFIG_REDIS_SENTINEL_USERNAME] = {KEY("redis", "sentinel_username", TEXT, BOTH),
                                        .help = "Name for the Sentinels' own AUTH."},
    [CONFIG_REDIS_SENTINEL_PASSWORD] = {KEY("redis", "sentinel_password", TEXT, BOTH), .secret = true,
                                        .help = "Password for the Sentinels' own AUTH; unset: none."},
    [CONFIG_REDIS_CA_FILE] =
        {KEY("redis", "ca_file", PATH, BOTH),
         .help = "Certificates (PEM) that sign Redis's, for rediss://; unset: the system's."},
    [CONFIG_REDIS_CERTIFICATE_FILE] = {KEY("redis", "certificate_file", PATH, BOTH),
                                       .help = "Our own certificate (PEM), where Redis asks for one."},
    [CONFIG_REDIS_KEY_FILE] = {KEY("redis", "key_file", PATH, BOTH),
                               .help = "The key (PEM, 0600) of redis.certificate_file."},
    [CONFIG_REDIS_PREFIX] = {KEY("redis", "prefix", TEXT, BOTH), .fallback = "pwreset",
                             .help = "What the names of all keys in Redis begin with."},
    [CONFIG_REDIS_CONNECT_TIMEOUT] = {KEY("redis", "connect_timeout", DURATION, BOTH), .fallback = "2s",
                                      RANGE(10, MINUTE), .help = "Deadline of a connect to Redis."},
    [CONFIG_REDIS_TIMEOUT] = {KEY("redis", "timeout", DURATION, BOTH), .fallback = "2s", RANGE(10, MINUTE),
                              .help = "Deadline of a command; past it the connection is given up."},
    [CONFIG_REDIS_WAIT_REPLICAS] =
        {KEY("redis", "wait_replicas", NUMBER, PRODUCER), .fallback = "0", RANGE(0, 100),
         .help = "So many replicas must have a redemption, an accepted temporary password or a revocation "
                 "before it is told; else 503."},
    [CONFIG_REDIS_WAIT_TIMEOUT] = {KEY("redis", "wait_timeout", DURATION, PRODUCER), .fallback = "500ms",
                                   RANGE(10, MINUTE),
                                   .help = "How long they may take; less than half of redis.timeout."},
    [CONFIG_SMTP_URL] = {KEY("smtp", "url", URL, WORKER),
                         .help = "The mail relay: smtp://host:587 (STARTTLS) or smtps://host:465."},
    [CONFIG_SMTP_TLS] = {KEY("smtp", "tls", CHOICE, WORKER), .fallback = "required",
                         .choices = "required|off",
                         .help =
                             "required: not a byte of ours before TLS is up and the certificate verified."},
    [CONFIG_SMTP_USERNAME] = {KEY("smtp", "username", TEXT, WORKER),
                              .help = "Name for AUTH; unset: no AUTH."},
    [CONFIG_SMTP_PASSWORD] = {KEY("smtp", "password", TEXT, WORKER), .secret = true,
                              .help = "Password for AUTH."},
    [CONFIG_SMTP_CA_FILE] = {KEY("smtp", "ca_file", PATH, WORKER),
                             .help = "Certificates (PEM) that sign the relay's; unset: the system's."},
    [CONFIG_SMTP_FROM] = {KEY("smtp", "from", TEXT, WORKER),
                          .help = "What the reader sees as sender: `Example <no-reply@example.com>`."},
    [CONFIG_SMTP_ENVELOPE_FROM] = {KEY("smtp", "envelope_from", TEXT, WORKER),
                                   .help = "Address that bounces go to; unset: the address of smtp.from."},
    [CONFIG_SMTP_HELO] = {KEY("smtp", "helo", TEXT, WORKER),
                          .help = "Name given in EHLO; unset: the host's name."},
    [CONFIG_SMTP_CONNECTIONS] = {KEY("smtp", "connections", NUMBER, WORKER), .fallback = "50", RANGE(1, 1000),
                                 .help = "Connections to the relay, at most; they grow with demand."},
    [CONFIG_SMTP_MESSAGES_PER_CONNECTION] = {KEY("smtp", "messages_per_connection", NUMBER, WORKER),
                                             .fallback = "1000", RANGE(1, 1000000),
                                             .help = "Messages after which a connection is retired."},
    [CONFIG_SMTP_IDLE_TIMEOUT] = {KEY("smtp", "idle_timeout", DURATION, WORKER), .fallback = "30s",
                                  RANGE(SECOND, HOUR), .help = "How long an unused connection is kept."},
    [CONFIG_SMTP_CONNECT_TIMEOUT] = {KEY("smtp", "connect_timeout", DURATION, WORKER), .fallback = "30s",
                                     RANGE(100, 10 * MINUTE),
                                     .help = "Deadline from the look-up of the name to the end of AUTH."},
    [CONFIG_SMTP_MAIL_TIMEOUT] = {KEY("smtp", "mail_timeout", DURATION, WORKER), .fallback = "5m",
                                  RANGE(100, HOUR), .help = "Deadline of the reply to MAIL."},
    [CONFIG_SMTP_RCPT_TIMEOUT] = {KEY("smtp", "rcpt_timeout", DURATION, WORKER), .fallback = "5m",
                                  RANGE(100, HOUR), .help = "Deadline of the reply to RCPT."},
    [CONFIG_SMTP_DATA_TIMEOUT] = {KEY("smtp", "data_timeout", DURATION, WORKER), .fallback = "2m",
                                  RANGE(100, HOUR), .help = "Deadline of the reply to DATA."},
    [CONFIG_SMTP_BLOCK_TIMEOUT] = {KEY("smtp", "block_timeout", DURATION, WORKER), .fallback = "3m",
                                   RANGE(100, HOUR),
                                   .help = "How long the relay may take no byte of what is sent to it."},
    [CONFIG_SMTP_DOT_TIMEOUT] = {KEY("smtp", "dot_timeout", DURATION, WORKER), .fallback = "10m",
                                 RANGE(100, HOUR), .help = "Deadline of the reply to the final dot."},
    [CONFIG_SMTP_QUIT_TIMEOUT] = {KEY("smtp", "quit_timeout", DURATION, WORKER), .fallback = "10s",
                                  RANGE(100, 10 * MINUTE),
                                  .help = "Deadline of the replies to RSET and QUIT."},
    [CONFIG_SMTP_QUEUE_TIMEOUT] =
        {KEY("smtp", "queue_timeout", DURATION, WORKER), .fallback = "1m", RANGE(100, HOUR),
         .help = "How long a mail waits for a connection before it is held as trouble of the "
                 "relay."},
    [CONFIG_LINK_URL] = {KEY("link", "url", URL, WORKER),
                         .help = "The application's page, with exactly one {token}: "
                                 "https://app.example.com/reset-password#{token}; https unless loopback."},
    [CONFIG_LINK_ALLOWED] = {KEY("link", "allowed", LIST, WORKER),
                             .help = "Hosts that a tenant's own link and sign-in page may have "
                                     "(templates.tenants), beside link.url's; "
                                     "with a port where there is one."},
    [CONFIG_TOKEN_TTL] = {KEY("token", "ttl", DURATION, BOTH), .fallback = "24h", RANGE(SECOND, 24 * HOUR),
                          .help = "How long a link works. Nothing extends it."},
    [CONFIG_TOKEN_NOT_BEFORE] =
        {KEY("token", "not_before", TIME, BOTH),
         .help = "Links and temporary passwords made before this moment (RFC 3339) are worth nothing: for a "
                 "leak or a restored backup. SIGHUP reads it again; the same at every worker and producer."},
    [CONFIG_TOKEN_COMPLETED_WITHIN] =
        {KEY("token", "completed_within", DURATION, PRODUCER), .fallback = "30m", RANGE(SECOND, 24 * HOUR),
         .help = "How long after a redemption the change of the password is to be told; later it is counted "
                 "(reset_relay_redeemed_uncompleted_total)."},
    [CONFIG_TOKEN_MASTER_KEYS_FILE] =
        {KEY("token", "master_keys_file", PATH, WORKER),
         .help = "Keys that links are made with (0600; lines of `kid hex64`, the first is "
                 "current)."},
    [CONFIG_TOKEN_RECORD_KEYS_FILE] =
        {KEY("token", "record_keys_file", PATH, BOTH),
         .help = "Keys that records in Redis are sealed with; the same file at every "
                 "worker and producer."},
    [CONFIG_TOKEN_BIND_ADDRESS] =
        {KEY("token", "bind_address", CHOICE, BOTH), .fallback = "require", .choices = "require|off",
         .help = "require: a link redeems only together with the address it was mailed to."},
    [CONFIG_POLICY_ADMIN_ROLES] = {KEY("policy", "admin_roles", LIST, BOTH), .fallback = "admin,manager",
                                   .help =
                                       "Roles that may ask for other users of their company, highest first."},
    [CONFIG_POLICY_TEMPORARY_PASSWORD] = {KEY("policy", "temporary_password", LIST, BOTH), .fallback = "off",
                                          .choices = "off|mailed|handed|chosen",
                                          .help = "Kinds of temporary password on offer."},
    [CONFIG_POLICY_UNSIGNED_EVENTS] =
        {KEY("policy", "unsigned_events", CHOICE, BOTH), .fallback = "refuse", .choices = "refuse|accept",
         .help = "What becomes of events on Kafka without a publisher's signature."},
    [CONFIG_LIMITS_COALESCE] = {KEY("limits", "coalesce", DURATION, BOTH), .fallback = "60s", RANGE(0, HOUR),
                                .help = "A second request for a user within this time makes no second mail."},
    [CONFIG_LIMITS_PROTECT_ADMIN] =
        {KEY("limits", "protect_admin", DURATION, BOTH), .fallback = "15m", RANGE(0, 24 * HOUR),
         .help = "How long an administrator's link is safe from the user's own requests."},
    [CONFIG_LIMITS_PER_USER] = {KEY("limits", "per_user", RATE, BOTH), .fallback = "5/1h",
                                .help = "Mails per user, own and administrators' requests apart."},
    [CONFIG_LIMITS_PER_RECIPIENT] = {KEY("limits", "per_recipient", RATE, BOTH), .fallback = "5/1h",
                                     RANGE(1, 32),
                                     .help =
                                         "Mails per mailbox, over all users; users' own requests and each "
                                         "company's administrators' apart."},
    [CONFIG_LIMITS_PER_ACTOR] = {KEY("limits", "per_actor", RATE, BOTH), .fallback = "30/1h",
                                 .help = "Requests per administrator."},
    [CONFIG_LIMITS_PER_BULK] = {KEY("limits", "per_bulk", RATE, BOTH), .fallback = "5000/1h",
                                .help = "Administrators' requests per key with the scope request:bulk, "
                                        "instead of limits.per_actor."},
    [CONFIG_LIMITS_PER_CLIENT] =
        {KEY("limits", "per_client", RATE, PRODUCER), .fallback = "20/1h",
         .help = "Requests per client.ip (IPv6: per /64), own and administrators' apart; over it: 429."},
    [CONFIG_LIMITS_PER_KEY] = {KEY("limits", "per_key", RATE, PRODUCER), .fallback = "off",
                               .help = "Requests per API key; over it: 429."},
    [CONFIG_LIMITS_PER_NOTICE] =
        {KEY("limits", "per_notice", RATE, BOTH), .fallback = "6/1h",
         .help = "Notices of a changed password per user, and per mailbox of a company."},
    [CONFIG_SECURITY_PLAINTEXT] =
        {KEY("security", "plaintext", CHOICE, BOTH), .fallback = "loopback",
         .choices = "loopback|trusted_network",
         .help = "Where connections without TLS are allowed (HTTP, Redis, Kafka, SMTP)."},
    [CONFIG_TEMPLATES_DIRECTORY] = {KEY("templates", "directory", PATH, WORKER),
                                    .help = "Templates of the mails; unset: the built-in ones."},
    [CONFIG_TEMPLATES_DEFAULT_LOCALE] = {KEY("templates", "default_locale", TEXT, WORKER), .fallback = "en",
                                         .help = "Language of users whose own has no template (BCP 47)."},
    [CONFIG_TEMPLATES_TENANTS] =
        {KEY("templates", "tenants", PATH, WORKER),
         .help = "How each tenant's mails look (name, colour, logo, contact); SIGHUP reads it again; unset: "
                 "all alike."},
    [CONFIG_HTTP_LISTEN] = {KEY("http", "listen", ADDRESS, PRODUCER), .fallback = "127.0.0.1:8080",
                            .help = "Address of the intake. Port 0: any free one, named in the log."},
    [CONFIG_HTTP_HEADER_LIMIT] = {KEY("http", "header_limit", BYTES, PRODUCER), .fallback = "16KiB",
                                  RANGE(KIB, 256 * KIB),
                                  .help = "Size of a request's line and headers; over it: 431."},
    [CONFIG_HTTP_BODY_LIMIT] = {KEY("http", "body_limit", BYTES, PRODUCER), .fallback = "64KiB",
                                RANGE(KIB, MIB), .help = "Size of a request's body; over it: 413."},
    [CONFIG_HTTP_IDLE_TIMEOUT] = {KEY("http", "idle_timeout", DURATION, PRODUCER), .fallback = "60s",
                                  RANGE(SECOND, HOUR),
                                  .help = "How long a kept connection may be silent between two requests."},
    [CONFIG_HTTP_TOTAL_TIMEOUT] = {KEY("http", "total_timeout", DURATION, PRODUCER), .fallback = "15s",
                                   RANGE(SECOND, 10 * MINUTE),
                                   .help = "Deadline from a request's first byte to its last."},
    [CONFIG_HTTP_CONNECTIONS] = {KEY("http", "connections", NUMBER, PRODUCER), .fallback = "10000",
                                 RANGE(1, 60000), .help = "Open connections of the intake, at most."},
    [CONFIG_HTTP_CONNECTIONS_PER_ADDRESS] = {KEY("http", "connections_per_address", NUMBER, PRODUCER),
                                             .fallback = "256", RANGE(1, 60000),
                                             .help =
                                                 "Open connections from one address, at most; a proxy is one "
                                                 "address."},
    [CONFIG_HTTP_KAFKA_DEADLINE] =
        {KEY("http", "kafka_deadline", DURATION, PRODUCER), .fallback = "5s", RANGE(100, MINUTE),
         .help = "How long a request waits for Kafka's acknowledgement; over it: 503."},
    [CONFIG_HTTP_DRAIN] = {KEY("http", "drain", DURATION, PRODUCER), .fallback = "10s", RANGE(0, 10 * MINUTE),
                           .help = "How long SIGTERM lets open requests finish."},
    [CONFIG_WORKER_GROUP_ID] = {KEY("worker", "group_id", TEXT, WORKER), .fallback = "reset-worker",
                                .help = "Kafka consumer group that all workers share."},
    [CONFIG_WORKER_NAME] = {KEY("worker", "name", TEXT, WORKER),
                            .help = "What the audit calls this worker; unset: host name and process id."},
    [CONFIG_WORKER_CONCURRENCY] = {KEY("worker", "concurrency", NUMBER, WORKER), .fallback = "400",
                                   RANGE(1, 100000), .help = "Events in flight, at most."},
    [CONFIG_WORKER_DRAIN] = {KEY("worker", "drain", DURATION, WORKER), .fallback = "30s",
                             RANGE(0, 10 * MINUTE),
                             .help =
                                 "How long SIGTERM lets events in flight finish; what is still at the dot is "
                                 "parked."},
    [CONFIG_WORKER_PARK] = {KEY("worker", "park", DURATION, WORKER), .fallback = "30s",
                            RANGE(100, 10 * MINUTE),
                            .help =
                                "How long a mail at the dot holds its record's offset; then a copy in the "
                                "longest retry tier stands in for it."},
    [CONFIG_SEND_IN_FLIGHT] = {KEY("send", "in_flight", NUMBER, PRODUCER), .fallback = "5000",
                               RANGE(1, 1000000), .help = "Requests that `send` has under way, at most."},
    [CONFIG_REPLAY_GROUP_ID] = {KEY("replay", "group_id", TEXT, PRODUCER), .fallback = "reset-replay",
                                .help = "Kafka consumer group whose offsets `replay` walks on from."},
    [CONFIG_ADMIN_LISTEN] = {KEY("admin", "listen", ADDRESS, BOTH), .fallback = "127.0.0.1:9464",
                             .fallback_producer = "127.0.0.1:9465",
                             .help = "Address of /livez, /readyz and /metrics."},
    [CONFIG_AUTH_KEYS_FILE] = {KEY("auth", "keys_file", PATH, PRODUCER),
                               .help = "API keys of the HTTP intake (`keys add`), 0600."},
    [CONFIG_AUTH_PUBLISHERS_FILE] =
        {KEY("auth", "publishers_file", PATH, BOTH),
         .help = "Publishers and their secrets (`publishers add`), 0600; the same file at "
                 "every worker and producer."},
    [CONFIG_AUTH_PUBLISHER] = {KEY("auth", "publisher", TEXT, PRODUCER),
                               .help = "The producer's own name in auth.publishers_file."},
    [CONFIG_LOG_LEVEL] = {KEY("log", "level", CHOICE, BOTH), .fallback = "info",
                          .choices = "error|warning|info|debug",
                          .help = "What the diagnostic log on stderr has in it."},
    [CONFIG_LOG_FORMAT] = {KEY("log", "format", CHOICE, BOTH), .fallback = "auto",
                           .choices = "auto|json|text", .help = "auto: text on a terminal, else json."},
};
