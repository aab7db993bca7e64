/* Points at which a test build fails, stops or ends on demand; any other build has nothing of them.
 *
 * FAILPOINT("redis.read") stands where the world may fail: true means that it does, here and now, and the
 * caller goes the way it has for that.  It need not return: the process may end there (_exit, as if killed)
 * or be stopped (SIGSTOP).  Names are groups with dots, so that patterns choose among them.
 *
 * The environment decides, when the preset `failpoints` was built:
 *   RESET_FAILPOINTS          rules, separated by commas: PATTERN=fail|exit|hang, then @N for the Nth passage
 *                             (the first, where nothing is said) or %N for every Nth one.  The first rule
 *                             whose pattern (fnmatch) fits a point is the point's.
 *   RESET_FAILPOINTS_JOURNAL  a file to which is appended what was passed ("seen NAME", once) and what struck
 *                             ("exit NAME").  What stands there as struck does not strike again, in whatever
 *                             process: so `*=exit` walks from point to point, one process after the other. */
#ifndef IO_FAILPOINT_H
#define IO_FAILPOINT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef RESET_FAILPOINTS

enum { FAILPOINT_EXIT_CODE = 86 };

#define FAILPOINT(...) failpoint_strikes(__VA_ARGS__)

/* A number that a test may want otherwise: `usual`, or the environment variable's. */
#define FAILPOINT_NUMBER(variable, usual) failpoint_number(variable, usual)

__attribute__((format(printf, 1, 2))) bool failpoint_strikes(const char *name, ...);
int64_t failpoint_number(const char *variable, int64_t usual);

#else

#define FAILPOINT(...)                    false
#define FAILPOINT_NUMBER(variable, usual) (usual)

#endif

#endif
