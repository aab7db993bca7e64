/* Path, method, key, kind of content: asked in this order for every route, so that a handler begins with
 * somebody known who sent JSON, where it takes a body.  What the key may do is the handler's question: it
 * knows the tenant. */
#include "producer/routes.h"

#include <strings.h>

#include <event2/http.h>

#include "io/failpoint.h"
#include "producer/http_call.h"
#include "producer/password_change.h"
#include "producer/password_verify.h"
#include "producer/reset_request.h"
#include "producer/revocation.h"
#include "producer/status_report.h"
#include "producer/token_requests.h"

struct route {
    const char *path; /* a last segment {id} stands for any, which is the call's argument */
    unsigned methods; /* of enum evhttp_cmd_type; GET and HEAD come without a body */
    const char *allow;
    bool needs_store; /* there only where redis.url is set */
    void (*handle)(struct http_call *call);
};

#define READS (EVHTTP_REQ_GET | EVHTTP_REQ_HEAD)

static const struct route routes[] = {
    {"/v1/password-resets", EVHTTP_REQ_POST, "POST", false, reset_request_handle},
    {"/v1/password-resets/{id}", READS, "GET, HEAD", true, status_report_handle},
    {"/v1/password-changes", EVHTTP_REQ_POST, "POST", false, password_change_handle},
    {"/v1/tokens/check", EVHTTP_REQ_POST, "POST", true, token_check_handle},
    {"/v1/tokens/redeem", EVHTTP_REQ_POST, "POST", true, token_redeem_handle},
    {PASSWORD_VERIFY_PATH, EVHTTP_REQ_POST, "POST", true, password_verify_handle},
    {"/v1/tokens/revoke", EVHTTP_REQ_POST, "POST", true, revocation_handle},
};

static bool matches(const struct route *route, const char *path, struct text *argument)
{
    const char *brace = strchr(route->path, '{');
    if (!brace)
        return strcmp(route->path, path) == 0;
    size_t before = (size_t)(brace - route->path);
    if (strncmp(route->path, path, before) != 0 || !path[before] || strchr(path + before, '/'))
        return false;
    *argument = text_of(path + before);
    return true;
}

static const struct route *find(const struct serve *serve, const char *path, struct text *argument)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (matches(&routes[i], path, argument) && (serve->store || !routes[i].needs_store))
            return &routes[i];
    return NULL;
}

/* RFC 6750: the scheme in any case, spaces, the key. */
static struct text credential_of(struct text authorization)
{
    static const char scheme[] = "Bearer ";
    size_t size = sizeof scheme - 1;
    if (authorization.size <= size || strncasecmp(authorization.bytes, scheme, size) != 0)
        return (struct text){"", 0};
    struct text rest = {authorization.bytes + size, authorization.size - size};
    while (rest.size && rest.bytes[0] == ' ')
        rest.bytes++, rest.size--;
    return rest;
}

static bool is_json(struct text type)
{
    static const char json[] = "application/json";
    size_t size = sizeof json - 1;
    return type.size >= size && strncasecmp(type.bytes, json, size) == 0 &&
           (type.size == size || type.bytes[size] == ';' || type.bytes[size] == ' ' ||
            type.bytes[size] == '\t');
}

/* Packed content is nobody's here; read as if it were not, it could mean another thing to us than to somebody
 * in between who unpacks it. */
static bool is_packed(struct text coding)
{
    static const char identity[] = "identity";
    return coding.size > 0 &&
           (coding.size != sizeof identity - 1 || strncasecmp(coding.bytes, identity, coding.size) != 0);
}

static bool is_fit(struct http_call *call, const struct route *route, struct http_problem *problem)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(call->request);
    *problem = (struct http_problem){0};
    if (!((unsigned)method & route->methods))
        *problem = (struct http_problem){
            .status = 405, .detail = "this path takes another method", .allow = route->allow};
    else if (call->repeated)
        *problem = (struct http_problem){
            .status = 400,
            .detail =
                "one of Authorization, Content-Type, Content-Encoding, Idempotency-Key and traceparent is "
                "there twice"};
    else if (!(call->key =
                   api_keys_authenticate(call->credentials->api_keys, credential_of(call->authorization))))
        *problem = (struct http_problem){
            .status = 401, .detail = "an API key is needed: Authorization: Bearer rr_…", .challenge = true};
    else if (!((unsigned)method & READS) && !is_json(call->content_type))
        *problem = (struct http_problem){.status = 415, .detail = "the content must be application/json"};
    else if (is_packed(call->content_encoding))
        *problem = (struct http_problem){.status = 415, .detail = "the content must not be encoded"};
    return problem->status == 0;
}

void routes_dispatch(struct evhttp_request *request, void *context)
{
    struct serve *serve = context;
    http_connections_begin(serve->connections, request);
    struct http_call *call = http_call_new(serve, request);
    if (!call)
        return;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
    const struct route *route = find(serve, path ? path : "", &call->argument);
    struct http_problem problem = {.status = 404, .detail = "there is nothing at this path"};
    if (!route) {
        http_call_problem(&call, &problem);
        return;
    }
    call->route = route->path;
    if (FAILPOINT("http.request"))
        http_call_unavailable(&call, "a failpoint");
    else if (is_fit(call, route, &problem))
        route->handle(call);
    else
        http_call_problem(&call, &problem);
}
