/* The way of a request through the producer and back, as one assertion. */
#ifndef TESTS_UNIT_SUPPORT_EVENT_SURVIVES_H
#define TESTS_UNIT_SUPPORT_EVENT_SURVIVES_H

#include "core/event.h"

/* Fails the test unless the event made of the request decodes to the same request, but for its password. */
void assert_event_survives(const struct request *request);

#endif
