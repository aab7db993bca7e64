/* All that can happen next.  Each move is made on a copy of the state it starts from, and handed on. */
#ifndef EXPLORE_MOVES_H
#define EXPLORE_MOVES_H

#include "promises.h"
#include "worker/plans.h"

struct mover {
    struct clerk *clerk;
    const struct state *from;
    struct state next;
    bool fault; /* it spends a budget */
    promises broken;
    bool labels; /* somebody reads them */
    char label[240];
    void (*take)(void *context, const struct mover *mover);
    void *context;
};

void moves_of(struct mover *mover, const struct state *from);
void state_first(struct clerk *clerk, struct state *state);

/* Private to the files of moves: open one, change what it returns, close it. */
struct state *move_open(struct mover *mover, const char *format, ...) __attribute__((format(printf, 2, 3)));
void move_close(struct mover *mover);
bool move_spend(struct mover *mover, struct state *next, enum budget budget);
bool move_can(const struct mover *mover, enum budget budget);

void moves_of_run(struct mover *mover, unsigned number);
void moves_of_begin(struct mover *mover, unsigned number);
void moves_of_finish(struct mover *mover, unsigned number);
void moves_of_renewal(struct mover *mover, unsigned number);
void moves_of_world(struct mover *mover);
void moves_of_users(struct mover *mover);
void moves_of_passwords(struct mover *mover);

/* Where a run goes on; what changes nothing outside of it is passed over at once. */
void run_follow(struct mover *mover, struct state *next, unsigned number, enum plan_number plan);
/* NULL: to the next step. */
void run_follow_plan(struct mover *mover, struct state *next, unsigned number, const enum step *plan);
void run_next(struct mover *mover, struct state *next, unsigned number);
enum step run_step(const struct run *run);
const char *run_name(const struct mover *mover, unsigned number, char name[32]);
uint8_t run_worker(const struct scenario *scenario, unsigned number);
/* It asks no more as who it was. */
void run_forget_owner(struct mover *mover, struct state *next, uint8_t owner);
/* Back to begin, or over. */
void run_end(struct mover *mover, struct state *next, unsigned number);

void work_publish(struct state *next, unsigned request, unsigned generation, unsigned copy);
void work_commit(struct state *next, const struct message *message);
unsigned work_count(const struct work *work, const struct message *message);

/* A question about `shelf` as it is now, asked by nobody yet. */
struct question question_of(const struct state *state, enum ask ask);
void allow_extra(struct state *next, unsigned request);
const char *request_name(const struct mover *mover, unsigned request, char name[64]);

#endif
