/* What the intake answers: paths, methods, and who answers them. */
#ifndef PRODUCER_ROUTES_H
#define PRODUCER_ROUTES_H

#include "producer/serve.h"

struct evhttp_request;

/* Answers one request of evhttp's, now or later. */
void routes_dispatch(struct evhttp_request *request, void *serve);

#endif
