/* Only a scheme, a host and a port are taken from smtp.url: a user there would stand in every log that names
 * the relay, and libcurl takes the path for HELO's name, which has a key of its own. */
#include "worker/smtp/relay_url.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/mail/address.h"

enum status smtp_relay_url_read(const struct smtp_settings *settings, char **url,
                                char relay[SMTP_RELAY_NAME_SIZE], struct error *error)
{
    enum status status = STATUS_CONFIG;
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL, *user = NULL;
    char helo[300];
    if (!parts)
        return error_set(error, STATUS_MEMORY, "no memory to read smtp.url");
    if (!settings->url || curl_url_set(parts, CURLUPART_URL, settings->url, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0) ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK || strcmp(path, "/") != 0) {
        error_set_field(error, STATUS_CONFIG, "smtp.url",
                        "smtp.url must be smtp://HOST:PORT or smtps://HOST:PORT");
        goto cleanup;
    }
    if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK) {
        error_set_field(error, STATUS_CONFIG, "smtp.url",
                        "smtp.url must not hold a user: give smtp.username and smtp.password instead");
        goto cleanup;
    }
    if (settings->helo && *settings->helo) {
        snprintf(helo, sizeof helo, "/%s", settings->helo);
        if (strpbrk(settings->helo, " \r\n\t/?#") || strlen(settings->helo) > 255 ||
            curl_url_set(parts, CURLUPART_PATH, helo, 0) != CURLUE_OK) {
            error_set_field(error, STATUS_CONFIG, "smtp.helo",
                            "smtp.helo must be a host name or an address literal");
            goto cleanup;
        }
    }
    if (relay)
        snprintf(relay, SMTP_RELAY_NAME_SIZE, "%s:%s", host, port);
    status = STATUS_OK;
    if (url && curl_url_get(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
        status = error_set(error, STATUS_MEMORY, "no memory to read smtp.url");
cleanup:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_free(user);
    curl_url_cleanup(parts);
    return status;
}

enum status smtp_relay_url_check(const struct smtp_settings *settings, struct error *error)
{
    enum status status = smtp_relay_url_read(settings, NULL, NULL, error);
    if (status != STATUS_OK)
        return status;
    struct text sender = text_of(settings->envelope_from);
    if (sender.size > 0 && address_check(sender, NULL) != STATUS_OK)
        return error_set_field(error, STATUS_CONFIG, "smtp.envelope_from",
                               "smtp.envelope_from is not one bare mail address");
    if (settings->ca_file && *settings->ca_file && access(settings->ca_file, R_OK) != 0)
        return error_set_field(error, STATUS_CONFIG, "smtp.ca_file", "smtp.ca_file %s cannot be read",
                               settings->ca_file);
    return STATUS_OK;
}
