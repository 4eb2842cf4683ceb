/* The board: what it knows, and how it moves from one state to the next. One per program.
 *
 * What an interrupt must do at once (pins) it does at once; the bookkeeping it leaves to board_settle,
 * which runs with interrupts on, never twice at a time. So nothing keeps an encoder edge waiting for
 * longer than a few microseconds. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "beams.h"
#include "framing.h"
#include "limits.h"
#include "platform.h"
#include "settings.h"
#include "shot_queue.h"

/* How the belt came to stand, if an order to run is not enough. */
enum standing { STANDING_BY_ORDER, STANDING_UNORDERED, STANDING_FOR_FAULT };

/* What interrupts have done and board_settle has to book. */
struct unbooked {
    bool reversed;
    uint8_t cut_on_time;
    uint8_t cut_duty;
    uint8_t stop; /* a reason */
};

struct board {
    volatile uint32_t tick;
    struct due *volatile due; /* to be done next, in the plan that holds */
    volatile uint8_t mask;    /* outlets as they are */
    bool settling;
    volatile bool unsettled;
    struct unbooked unbooked;
    uint32_t reversed_tick;
    struct plan plans[2]; /* one holds while the other one is made */
    struct plan *plan;    /* holds */
    uint8_t booked;       /* dues of it */
    volatile uint8_t done;
    struct shot_queue queue;
    struct shot_slot *incoming; /* null once a plan holds that knows it */
    uint8_t incoming_reason;
    bool drop_empty;

    struct settings settings;
    struct limits limits;
    uint8_t save_place;

    volatile bool estop;
    volatile bool silent;
    volatile bool belt;
    volatile uint16_t faults; /* those that stay until the start: FAULT_* */
    uint8_t standing;
    bool wanted; /* the host's last order was to run */
    uint8_t inputs;
    uint8_t aux_ms;
    uint8_t button_ms;
    uint16_t silence_left_ms;
    uint16_t estop_armed_left_ms;
    uint16_t restart_left_ms;
    uint16_t dead_left_ms;
    uint8_t tick_seen;
    uint32_t virtual_mticks_s;
    uint32_t pulse_id;
    uint32_t belt_order_id;
    uint8_t belt_answer;
    volatile uint16_t pulse_left_ms;
    uint8_t ms;

    struct beams beams;
    struct deframer deframer;
    volatile uint16_t encoder_errors;
    volatile uint16_t ticks_back;
    uint32_t session;
    uint32_t boot_nonce;
    uint32_t build_hash;
    uint8_t reset_cause;
    uint8_t event_seq;
    uint16_t faults_told;
    uint16_t malformed;
};

void board_init(struct board *board, uint32_t boot_nonce, uint32_t build_hash, uint8_t reset_cause);

/* --- main loop --- */

/* A byte from the host. */
void board_receive(struct board *board, uint8_t byte);

/* Tells the host what it does not know yet, and saves settings byte by byte. */
void board_tell(struct board *board);

/* --- interrupts --- */

/* Every millisecond, whatever the main loop does. May be interrupted, but not by itself. */
void board_on_timer(struct board *board);

/* The E-stop chain is open. */
void board_on_estop(struct board *board);

/* The encoder gives edges that no belt can give. */
void board_on_storm(struct board *board);

/* Books what is unbooked and looks for the next due tick. */
void board_settle(struct board *board);

/* Nothing of the plan is done any more. Interrupts off; board_settle has to follow. */
static inline void board_drop_plan(struct board *board)
{
    board->due = &board->plan->dues[PLANNED];
}

/* Does what is due. An outlet that rests and does not open upsets the plan behind it. Interrupts off;
 * board_settle has to follow. */
static inline void board_fire(struct board *board, struct due *due)
{
    uint8_t mask = board->mask;
    uint8_t resting = board->limits.resting;
    uint8_t opens = due->opens & (mask | (uint8_t)~resting);
    uint8_t opened = opens & (uint8_t)~mask;
    mask = (mask | opens) & (uint8_t)~due->closes;
    platform_set_outlets(mask);
    board->mask = mask;
    due->resting = resting;
    limits_opened(&board->limits, opened);
    board->done++;
    board->unsettled = true;
    board->due = due + 1;
    if (opens != due->opens)
        board_drop_plan(board);
}

/* Closes every outlet now; board_settle, which has to follow, cancels every shot. Interrupts off. */
static inline void board_stop_shots(struct board *board, uint8_t reason)
{
    platform_set_outlets(0);
    board->mask = 0;
    board_drop_plan(board);
    board->pulse_left_ms = 0;
    if (board->unbooked.stop == REASON_NONE)
        board->unbooked.stop = reason;
    board->unsettled = true;
}

/* A tick that finds the E-stop chain open closes the outlets: in a storm of edges the E-stop's own
 * interrupt, which does the rest, may come to its turn late. */
static inline void board_stop_at_tick(struct board *board)
{
    if (!board->estop)
        board_stop_shots(board, REASON_ESTOP);
}

/* The belt has moved by one tick, 1 or -1. Returns whether board_settle is to be called; if it is at work
 * already it will see by itself. */
static inline bool board_on_step(struct board *board, int8_t step)
{
    if (step > 0) {
        uint32_t tick = board->tick + 1;
        board->tick = tick;
        struct due *due = board->due;
        if (tick != due->tick || !due->set)
            return false;
        board_fire(board, due);
        return !board->settling;
    }
    board->tick--;
    board->ticks_back++;
    if (!board->mask)
        return false;
    platform_set_outlets(0);
    board->mask = 0;
    board_drop_plan(board);
    board->unbooked.reversed = true;
    board->unsettled = true;
    board->reversed_tick = board->tick;
    return !board->settling;
}

/* --- between the core's files --- */

/* The settings have changed. */
void board_apply_settings(struct board *board);

/* Why no shot is taken, or REASON_NONE. */
uint8_t board_hindrance(const struct board *board);

#endif
