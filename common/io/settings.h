/* The keys of the configuration.  THE table (name, type, default, range, who reads it, help) stands in
 * settings.c. */
#ifndef IO_SETTINGS_H
#define IO_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/* In the order of --print-config. CONFIG_SECTION_KEY; which getter of config.h reads a key follows from its
 * type. */
enum config_key {
    /* text; durations: config_duration_list; numbers */
    CONFIG_TOPICS_REQUESTED,
    CONFIG_TOPICS_AUDIT,
    CONFIG_TOPICS_DEAD_LETTER,
    CONFIG_TOPICS_RETRY,
    CONFIG_TOPICS_PARTITIONS,
    CONFIG_TOPICS_REPLICATION,
    CONFIG_REDIS_URL,       /* with its password, if any */
    CONFIG_REDIS_SENTINELS, /* list */
    CONFIG_REDIS_SENTINEL_USERNAME,
    CONFIG_REDIS_SENTINEL_PASSWORD, /* secret */
    CONFIG_REDIS_CA_FILE,
    CONFIG_REDIS_CERTIFICATE_FILE,
    CONFIG_REDIS_KEY_FILE,
    CONFIG_REDIS_PREFIX,
    CONFIG_REDIS_CONNECT_TIMEOUT,
    CONFIG_REDIS_TIMEOUT,
    CONFIG_REDIS_WAIT_REPLICAS,
    CONFIG_REDIS_WAIT_TIMEOUT,
    CONFIG_SMTP_URL,
    CONFIG_SMTP_TLS, /* choice: enum config_smtp_tls */
    CONFIG_SMTP_USERNAME,
    CONFIG_SMTP_PASSWORD, /* secret */
    CONFIG_SMTP_CA_FILE,
    CONFIG_SMTP_FROM,
    CONFIG_SMTP_ENVELOPE_FROM,
    CONFIG_SMTP_HELO,
    CONFIG_SMTP_CONNECTIONS,
    CONFIG_SMTP_MESSAGES_PER_CONNECTION,
    CONFIG_SMTP_IDLE_TIMEOUT,
    CONFIG_SMTP_CONNECT_TIMEOUT, /* name, TCP, greeting, EHLO, TLS, AUTH */
    CONFIG_SMTP_MAIL_TIMEOUT,
    CONFIG_SMTP_RCPT_TIMEOUT,
    CONFIG_SMTP_DATA_TIMEOUT,
    CONFIG_SMTP_BLOCK_TIMEOUT,
    CONFIG_SMTP_DOT_TIMEOUT,
    CONFIG_SMTP_QUIT_TIMEOUT, /* RSET and QUIT */
    CONFIG_SMTP_QUEUE_TIMEOUT,
    CONFIG_LINK_URL,
    CONFIG_LINK_ALLOWED, /* list */
    CONFIG_TOKEN_TTL,
    CONFIG_TOKEN_NOT_BEFORE, /* time; read again at SIGHUP (config_reload.h) */
    CONFIG_TOKEN_MASTER_KEYS_FILE,
    CONFIG_TOKEN_RECORD_KEYS_FILE,
    CONFIG_TOKEN_COMPLETED_WITHIN,    /* duration */
    CONFIG_TOKEN_BIND_ADDRESS,        /* choice: enum config_bind_address */
    CONFIG_POLICY_ADMIN_ROLES,        /* list */
    CONFIG_POLICY_TEMPORARY_PASSWORD, /* list; the one entry "off": none */
    CONFIG_POLICY_UNSIGNED_EVENTS,    /* choice: enum config_unsigned_events */
    CONFIG_LIMITS_COALESCE,
    CONFIG_LIMITS_PROTECT_ADMIN,
    CONFIG_LIMITS_PER_USER, /* rates */
    CONFIG_LIMITS_PER_RECIPIENT,
    CONFIG_LIMITS_PER_ACTOR,
    CONFIG_LIMITS_PER_BULK,
    CONFIG_LIMITS_PER_CLIENT,
    CONFIG_LIMITS_PER_KEY,
    CONFIG_LIMITS_PER_NOTICE,
    CONFIG_SECURITY_PLAINTEXT,  /* choice: enum config_plaintext */
    CONFIG_TEMPLATES_DIRECTORY, /* not set: the built-in ones */
    CONFIG_TEMPLATES_DEFAULT_LOCALE,
    CONFIG_TEMPLATES_TENANTS, /* not set: all tenants look alike */
    CONFIG_HTTP_LISTEN,       /* address */
    CONFIG_HTTP_HEADER_LIMIT, /* bytes */
    CONFIG_HTTP_BODY_LIMIT,
    CONFIG_HTTP_IDLE_TIMEOUT,
    CONFIG_HTTP_TOTAL_TIMEOUT,
    CONFIG_HTTP_CONNECTIONS,
    CONFIG_HTTP_CONNECTIONS_PER_ADDRESS,
    CONFIG_HTTP_KAFKA_DEADLINE,
    CONFIG_HTTP_DRAIN,
    CONFIG_WORKER_GROUP_ID,
    CONFIG_WORKER_NAME, /* not set: the caller takes host name and process id */
    CONFIG_WORKER_CONCURRENCY,
    CONFIG_WORKER_DRAIN,
    CONFIG_WORKER_PARK,
    CONFIG_SEND_IN_FLIGHT,
    CONFIG_REPLAY_GROUP_ID,
    CONFIG_ADMIN_LISTEN, /* address */
    CONFIG_AUTH_KEYS_FILE,
    CONFIG_AUTH_PUBLISHERS_FILE,
    CONFIG_AUTH_PUBLISHER,
    CONFIG_LOG_LEVEL,  /* choice: enum log_level */
    CONFIG_LOG_FORMAT, /* choice: enum log_format */
    CONFIG_KEY_COUNT
};

/* The choices, in the order of the table's names. */
enum config_smtp_tls { CONFIG_SMTP_TLS_REQUIRED, CONFIG_SMTP_TLS_OFF };
enum config_bind_address { CONFIG_BIND_ADDRESS_REQUIRE, CONFIG_BIND_ADDRESS_OFF };
enum config_unsigned_events { CONFIG_UNSIGNED_EVENTS_REFUSE, CONFIG_UNSIGNED_EVENTS_ACCEPT };
enum config_plaintext { CONFIG_PLAINTEXT_LOOPBACK, CONFIG_PLAINTEXT_TRUSTED_NETWORK };

enum config_program { CONFIG_PRODUCER = 1, CONFIG_WORKER = 2, CONFIG_BOTH = 3 };

enum setting_type {
    SETTING_TEXT,
    SETTING_NUMBER,
    SETTING_DURATION,      /* "30s", "5m", "24h"; range in ms */
    SETTING_DURATION_LIST, /* "30s,5m,30m" */
    SETTING_TIME,          /* "2030-01-31T12:00:00Z", RFC 3339 */
    SETTING_RATE,          /* "5/1h" or "off", which is count 0; the maximum is the count's */
    SETTING_CHOICE,
    SETTING_LIST, /* "admin,manager" */
    SETTING_PATH,
    SETTING_ADDRESS, /* "127.0.0.1:8080", "[::1]:8080" */
    SETTING_URL,     /* a password in it makes it a secret; `_file` and `_FILE` work */
    SETTING_BYTES    /* "16KiB", "1MiB", plain bytes; range in bytes */
};

struct setting {
    const char *section, *key;
    enum setting_type type;
    enum config_program program; /* who reads it; the other accepts and ignores it */
    bool secret;
    const char *fallback;          /* default as one would write it; NULL: unset */
    const char *fallback_producer; /* where the two programs differ; NULL: the same */
    int64_t minimum, maximum;
    const char *choices; /* "required|off" */
    const char *help;    /* one line */
};

extern const struct setting settings[CONFIG_KEY_COUNT];

#endif
