/* hiredis carries the bytes; what it is to be content with is said here, to OpenSSL itself: TLS 1.2 at least,
 * a chain to an authority that is trusted, and the host's own name or address in the certificate, which
 * hiredis's own contexts do not all look at. */
#include "io/redis_tls.h"

#include <stdlib.h>

#include "io/redis_connection.h"

#ifdef RESET_REDIS_TLS

#include <arpa/inet.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "io/secret_file.h"

struct redis_tls {
    SSL_CTX *context;
};

static enum status refuse_file(struct error *error, const char *key, const char *what)
{
    ERR_clear_error();
    return error_set_field(error, STATUS_CONFIG, key, "%s: %s", key, what);
}

/* A key that wants a password is refused: nobody is there to be asked. */
static int no_password(char *password, int size, int writing, void *context)
{
    (void)password, (void)size, (void)writing, (void)context;
    return 0;
}

static enum status load_key(SSL_CTX *context, const char *path, struct error *error)
{
    struct buffer pem;
    if (!path)
        return refuse_file(error, "redis.key_file", "missing: it is the key of redis.certificate_file");
    buffer_init_secret(&pem, SECRET_FILE_LIMIT);
    enum status status = secret_file_read(path, &pem, error);
    BIO *bytes = status == STATUS_OK ? BIO_new_mem_buf(pem.bytes, (int)pem.size) : NULL;
    EVP_PKEY *key = bytes ? PEM_read_bio_PrivateKey(bytes, NULL, no_password, NULL) : NULL;
    if (status == STATUS_OK &&
        (!key || SSL_CTX_use_PrivateKey(context, key) != 1 || SSL_CTX_check_private_key(context) != 1))
        status = refuse_file(error, "redis.key_file", "the key of redis.certificate_file is not in it");
    EVP_PKEY_free(key);
    BIO_free(bytes);
    buffer_clear(&pem);
    return status;
}

static enum status load_files(SSL_CTX *context, const struct redis_tls_files *files, struct error *error)
{
    bool trusts = files->ca ? SSL_CTX_load_verify_locations(context, files->ca, NULL) == 1
                            : SSL_CTX_set_default_verify_paths(context) == 1;
    if (!trusts)
        return refuse_file(error, "redis.ca_file", "certificates (PEM) cannot be read from it");
    if (!files->certificate)
        return STATUS_OK;
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
        return refuse_file(error, "redis.certificate_file", "no certificate (PEM) can be read from it");
    return load_key(context, files->key, error);
}

enum status redis_tls_new(const struct redis_tls_files *files, struct redis_tls **tls, struct error *error)
{
    *tls = calloc(1, sizeof **tls);
    SSL_CTX *context = *tls ? SSL_CTX_new(TLS_client_method()) : NULL;
    if (!context) {
        redis_tls_free(tls);
        return error_set(error, STATUS_MEMORY, "no memory for TLS to Redis");
    }
    (*tls)->context = context;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    enum status status = load_files(context, files, error);
    if (status != STATUS_OK)
        redis_tls_free(tls);
    return status;
}

void redis_tls_free(struct redis_tls **tls)
{
    if (*tls)
        SSL_CTX_free((*tls)->context);
    free(*tls);
    *tls = NULL;
}

/* RFC 9525: the reference identity is the host that was asked for, not what a look-up made of it. */
static bool expect_host(SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

enum status redis_tls_start(struct redis_tls *tls, redisAsyncContext *link, const char *host,
                            struct error *error)
{
    SSL *ssl = SSL_new(tls->context);
    if (ssl && expect_host(ssl, host) && redisInitiateSSL(&link->c, ssl) == REDIS_OK)
        return STATUS_OK; /* the connection owns it now */
    SSL_free(ssl);
    ERR_clear_error();
    return error_set(error, STATUS_UNAVAILABLE, "TLS to Redis at %s cannot be begun", host);
}

#else

enum status redis_tls_new(const struct redis_tls_files *files, struct redis_tls **tls, struct error *error)
{
    (void)files;
    *tls = NULL;
    return error_set_field(
        error, STATUS_CONFIG, "redis.url",
        "redis.url asks for TLS (rediss://), which this build does not have: it was made with hiredis "
        "%d.%d.%d, and TLS needs 1.1 or newer with hiredis_ssl; build with that, or put a TLS proxy on "
        "loopback before Redis and write redis://127.0.0.1:PORT",
        HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
}

void redis_tls_free(struct redis_tls **tls)
{
    free(*tls);
    *tls = NULL;
}

enum status redis_tls_start(struct redis_tls *tls, redisAsyncContext *link, const char *host,
                            struct error *error)
{
    (void)tls, (void)link;
    return error_set(error, STATUS_INTERNAL, "no TLS to Redis at %s in this build", host);
}

#endif
