/* What every unit test includes: cmocka with the headers that it wants before it. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/status.h"

/* Fails the test with the error's sentence when `status` is not STATUS_OK. */
void assert_ok(enum status status, const struct error *error);

#endif
